"""What a segment is searched with: items in a file, found by their projections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.types import RowMask, RowNumbers, Rows


class NearItems(NamedTuple):
    """Items near a row, nearest first, and about their squared distances; 0 where these are not known."""

    items: RowNumbers
    squares: npt.NDArray[np.float32]


class ItemSearch(Protocol):
    """Approximate neighbours among the projected rows of a segment, which are its items, by their numbers.

    Searching is thread-safe and does not hold the interpreter.
    """

    @property
    def parts(self) -> int:
        """How many trees or lists there are."""

    @property
    def efforts(self) -> tuple[int, int, float]:
        """The first effort that is worth a try, the one that leaves nothing out, and the step's factor."""

    def __len__(self) -> int:
        """Return the number of items."""

    def nearest(self, projected: Rows, count: int, effort: int, allowed: RowMask | None = None) -> NearItems:
        """Return up to `count` items near a projected row (d), nearest first.

        Where only some are `allowed`, by item number, others may be returned too.
        """

    def save(self, path: Path) -> None:
        """Write the file.  Raises OSError and StoreError."""


OpenItems = Callable[[Path, int], ItemSearch]
"""Maps a file of items of a width; raises OSError and RuntimeError."""
