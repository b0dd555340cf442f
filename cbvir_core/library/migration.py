"""Moving keyframes to other weights, from the stored stills, while the former generation answers."""

from __future__ import annotations

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.library.networks import Networks
from cbvir_core.store import Generation, Store


class Migration:
    """Fills the target generation, row by row in ascending order.

    Its progress is the rows that are written, so after a restart it goes on where it was.  Descriptors of
    weights that the former generation shares with the target, for the filter or for SOLAR, are copied
    instead of computed.  `former` is None where nothing but the stills is left of it.
    """

    def __init__(
        self, store: Store, former: Generation | None, target: Generation, networks: Networks
    ) -> None:
        self.former, self.target, self.networks = former, target, networks
        self._store = store

    def step(self, limit: int) -> int:
        """Move up to `limit` keyframes; return how many were processed, 0 when none is left.

        A keyframe whose video is forgotten meanwhile is counted too, and has no descriptors.
        """
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
        """Return whether every keyframe has its filter descriptor in the target."""
        return not self._store.rows_without_filter(self.target, 1)

    def _embed(self, rows: list[int]) -> None:
        stills = {row: still for row in rows if (still := self._store.still_of_row(row)) is not None}
        if stills:
            descriptors = self.networks.filter.encode([decode_still(still) for still in stills.values()])
            self._store.put_filter(self.target, list(stills), descriptors)

    def _copy_filter(self, former: Generation, rows: list[int]) -> None:
        descriptors, present = self._store.present_filter_rows(former, rows)
        if len(descriptors):
            self._store.put_filter(self.target, np.asarray(rows)[present], descriptors)
        self._embed([row for row, copied in zip(rows, present, strict=True) if not copied])

    def _copy_refine(self, former: Generation, rows: list[int]) -> None:
        descriptors, present = self._store.refine_rows(former, rows)
        if present.any():
            self._store.put_refine(self.target, np.asarray(rows)[present], descriptors[present])
