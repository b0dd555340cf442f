"""The index of frames: views of every frame that was kept, found by the views of a query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.index.compact import FRAME_COMPACTION, CompactionPolicy
from cbvir_core.index.followed import FollowedIndex
from cbvir_core.index.frame_codec import FrameCodec, shipped_codec
from cbvir_core.index.frame_lists import FrameNeighbours
from cbvir_core.index.frame_segments import FrameSegments
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.store import FRAMES_GENERATION, Store
from cbvir_core.types import Floats, FrameCodes, RowNumbers, Rows


class StoredFrames:
    """The frame codes in the store: the `FrameSource` of an index.

    `fingerprint` names the network and the codec that made them.
    """

    def __init__(self, store: Store, fingerprint: str) -> None:
        self._store = store
        self.identity = SourceIdentity(store.identity, FRAMES_GENERATION.number, fingerprint)

    def last_change(self) -> int:
        """Return the number of the newest change of the store."""
        return self._store.last_change()

    def read(self, rows: Sequence[int]) -> list[FrameCodes | None]:
        """Return the codes of the scenes of `rows`, in that order; None where a row has none."""
        return self._store.frame_codes(rows)


class FrameIndex(FollowedIndex[FrameSegments]):
    """Nearest views among those of all frames, blank scenes left out."""

    @classmethod
    def open(
        cls,
        folder: Path,
        store: Store,
        fingerprint: str,
        codec: FrameCodec | None = None,
        policy: CompactionPolicy = FRAME_COMPACTION,
        *,
        trust_files: bool = True,
    ) -> FrameIndex:
        """Open the index in `folder`, with whatever of it can be used; codes of no file are read again.

        `fingerprint` names network and codec; `codec` is the shipped one by default.  The index takes the
        folder as its own.  With `trust_files` those that have the size and the time that they were written
        with are believed, and `verify` reads them later.  Raises StoreError where the folder cannot be used.
        """
        source = StoredFrames(store, fingerprint)
        segments = FrameSegments(folder, source, codec or shipped_codec(), policy, trust_files=trust_files)
        return cls(segments, store, FRAMES_GENERATION)

    @property
    def codec(self) -> FrameCodec:
        """What made the codes in the store."""
        return self._vectors.codec

    def search(self, queries: Rows, k: int) -> list[FrameNeighbours]:
        """Return the k nearest views of each query view (Q x D), best first."""
        self.refresh()
        return self._vectors.search(self.codec.project(queries), k)

    def search_views(self, views: Floats, k: int, probed: int) -> list[FrameNeighbours]:
        """Return the k nearest views of each of Q views in the space of the codes (Q x P), best first.

        `probed` lists are searched for each: fewer miss what is less alike, and take less time.
        """
        self.refresh()
        return self._vectors.search(views, k, probed)

    def compare(self, queries: Rows, rows: RowNumbers) -> list[tuple[int, Floats]]:
        """Return each of `rows` that has frames, with the cosines of query views and its views: Q x N x V."""
        projected = self.codec.project(queries)
        return [
            (row, np.tensordot(projected, views, axes=(1, 2)).astype(np.float32))
            for row, _, views in self.views(rows.tolist())
        ]

    def views(self, rows: Sequence[int]) -> list[tuple[int, npt.NDArray[np.float64], Floats]]:
        """Return each of `rows` that has frames, with their times (N, seconds) and views, N x V x P.

        The views are what `codec.project` gives of a query's, about.
        """
        found = []
        for row, codes in zip(rows, self._store.frame_codes(rows), strict=True):
            if codes is not None and codes.codes.size:
                frames, views = codes.codes.shape[:2]
                decoded = self.codec.decode(codes.codes.reshape(frames * views, -1))
                found.append((row, codes.times_s, decoded.reshape(frames, views, -1)))
        return found
