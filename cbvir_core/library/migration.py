"""Moving keyframes to other weights: from the stored stills, while the former generation answers."""

from __future__ import annotations

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.library.networks import Networks
from cbvir_core.store import Generation, Store


class Migration:
    """Fills the target generation, row by row in ascending order.

    Its state is the rows written, so it goes on after a restart where it was.  What the former
    generation shares with the target, its filter weights or its SOLAR weights, is copied instead of
    computed.  `former` is None where nothing but the stills is left of it.
    """

    def __init__(
        self, store: Store, former: Generation | None, target: Generation, networks: Networks
    ) -> None:
        self.former, self.target, self.networks = former, target, networks
        self._store = store

    def step(self, limit: int) -> int:
        """Moves up to `limit` keyframes; says how many were taken in hand, 0 when none is left."""
        rows = self._store.rows_without_filter(self.target, limit)
        if not rows:
            return 0
        former = self.former
        if former is not None and former.filter == self.target.filter:
            self._copy_filter(former, rows)
        else:
            self._embed(rows)
        if former is not None and former.refine is not None and former.refine == self.target.refine:
            self._copy_refine(former, rows)
        return len(rows)

    def complete(self) -> bool:
        """Whether every keyframe has arrived."""
        return not self._store.rows_without_filter(self.target, 1)

    def _embed(self, rows: list[int]) -> None:
        stills = {row: still for row in rows if (still := self._store.still_of_row(row)) is not None}
        if stills:
            made = self.networks.filter.encode([decode_still(still) for still in stills.values()])
            self._store.put_filter(self.target, list(stills), made)

    def _copy_filter(self, former: Generation, rows: list[int]) -> None:
        descriptors, present = self._store.present_filter_rows(former, rows)
        if len(descriptors):
            self._store.put_filter(self.target, np.asarray(rows)[present], descriptors)
        self._embed([row for row, there in zip(rows, present, strict=True) if not there])

    def _copy_refine(self, former: Generation, rows: list[int]) -> None:
        descriptors, present = self._store.refine_rows(former, rows)
        if present.any():
            self._store.put_refine(self.target, np.asarray(rows)[present], descriptors[present])
