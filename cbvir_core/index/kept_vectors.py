"""The vectors of a segment's items in a mapped file, in half precision as the store has them.

Candidates are measured exactly, and of a million rows there are 2,400 for each way in which a picture is
looked for.  Each that is read from the store gives up the interpreter twice and waits for it again; from here
one call copies all.  Pages that a search reads belong to the kernel.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from cbvir_core.types import RowNumbers, Rows

HALF = np.dtype("<f2")


class KeptVectors:
    """N vectors by item number."""

    def __init__(self, halves: npt.NDArray[np.float16]) -> None:
        self._halves = halves

    @classmethod
    def open(cls, path: Path, count: int) -> KeptVectors:
        """Map a file that `VectorFile` wrote; raises OSError, and ValueError where it is of other items."""
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.dtype != HALF or mapped.ndim != 2 or len(mapped) != count:
            raise ValueError(f"{path} does not hold {count} vectors")
        # Items are read here and there: read ahead, each would read 32 pages for one.
        mapped._mmap.madvise(mmap.MADV_RANDOM)
        return cls(np.asarray(mapped))

    def of(self, items: RowNumbers) -> Rows:
        """Return the vectors of some items (N x D), in their order."""
        return self._halves.take(items, axis=0).astype(np.float32)


class VectorFile:
    """A file of vectors while it is written; given up where half precision does not hold them exactly."""

    def __init__(self, path: Path, count: int) -> None:
        """Begin a file of `count` vectors."""
        self._path, self._count = path, count
        self._file: BinaryIO | None = None
        self._is_given_up = False

    def append(self, vectors: Rows) -> None:
        """Write the next vectors (N x D).  Raises OSError."""
        with np.errstate(over="ignore"):
            halves = vectors.astype(HALF)
        if self._is_given_up or not np.array_equal(halves.astype(np.float32), vectors):
            self._is_given_up = True
            return
        if self._file is None:
            self._file = self._path.open("wb")
            shape = (self._count, vectors.shape[1])
            header = {"descr": HALF.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(self._file, header)
        self._file.write(halves.tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file, also where the build was interrupted."""
        if self._file is not None:
            self._file.close()

    def finish(self) -> bool:
        """End the file; return whether it is there.  Raises OSError."""
        if self._file is None:
            return False
        self._file.close()
        if self._is_given_up:
            self._path.unlink()
        return not self._is_given_up
