"""An immutable segment: ANNOY trees over projected rows, searched for candidates."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from annoy import AnnoyIndex

from cbvir_core.index.effort import NEIGHBOURS
from cbvir_core.index.manifest import Damaged, SegmentEntry, checksum
from cbvir_core.index.projection import Projection
from cbvir_core.types import Rows

ROWS_FILE = "rows.npy"
PROJECTION_FILE = "projection.npz"
TREES_FILE = "trees.ann"

ENOUGH_LIVE = 0.6
"""Share of the candidates that must be live, or else more are asked for: forgotten rows lie together,
since a video is forgotten as a whole."""

Numbers = npt.NDArray[np.int64]


class Segment:
    """One open segment.  Searching is thread-safe and does not hold the interpreter."""

    def __init__(self, entry: SegmentEntry, rows: Numbers, projection: Projection, trees: AnnoyIndex) -> None:
        self.entry = entry
        self.rows = rows
        self._projection = projection
        self._trees = trees
        self._sorted = np.argsort(rows, kind="stable")
        self._dead = np.zeros(len(rows), dtype=np.bool_)
        self.dead = 0

    @classmethod
    def open(cls, folder: Path, entry: SegmentEntry) -> Segment:
        """Maps the segment `entry` of the index in `folder`; raises Damaged."""
        home = folder / entry.name
        try:
            for name, expected in entry.files.items():
                if checksum(home / name) != expected:
                    raise Damaged(f"{home / name} is not what was written")
            rows = np.load(home / ROWS_FILE, allow_pickle=False)
            projection = Projection.load(home / PROJECTION_FILE)
            trees = AnnoyIndex(projection.dimensions, "euclidean")
            trees.load(str(home / TREES_FILE))
        except (OSError, ValueError, KeyError) as error:
            raise Damaged(f"segment {entry.name} cannot be read: {error}") from error
        if not 0 < len(rows) == trees.get_n_items() == entry.rows:
            raise Damaged(f"segment {entry.name} has the wrong length")
        return cls(entry, rows, projection, trees)

    def __len__(self) -> int:
        return len(self.rows)

    def bury(self, rows: Numbers) -> None:
        """Marks rows as forgotten, where they are in this segment."""
        if len(rows):
            self._dead[self._places(rows)[self.holds(rows)]] = True
            self.dead = int(np.count_nonzero(self._dead))

    def holds(self, rows: Numbers) -> npt.NDArray[np.bool_]:
        """Which of `rows` are in this segment, forgotten or not."""
        held: npt.NDArray[np.bool_] = self.rows[self._places(rows)] == rows
        return held

    def _places(self, rows: Numbers) -> Numbers:
        """Where each row would be."""
        places = np.searchsorted(self.rows, rows, sorter=self._sorted)
        return self._sorted[np.minimum(places, len(self.rows) - 1)]

    def live_rows(self) -> Numbers:
        """Rows that are not forgotten, in the order in which they came."""
        return self.rows[~self._dead]

    def candidates(self, query: Rows, k: int) -> Numbers:
        """Live rows among which the k nearest of the segment are to be looked for exactly."""
        asked, effort = effort_for(self.entry, k)
        wanted = min(asked, len(self.rows) - self.dead)
        if wanted <= 0:
            return np.zeros(0, dtype=np.int64)
        vector = self._projection.apply(query).tolist()
        while True:
            found = np.array(self._trees.get_nns_by_vector(vector, asked, effort), dtype=np.int64)
            alive = found[~self._dead[found]]
            if len(alive) >= ENOUGH_LIVE * wanted or asked >= len(self.rows):
                return self.rows[alive[:wanted]]
            asked, effort = 2 * asked, 2 * effort


def effort_for(entry: SegmentEntry, k: int) -> tuple[int, int]:
    """Candidates and nodes to visit for k neighbours, from those calibrated for 100.

    On 100,000 mixed MobileNet descriptors this holds recall from k = 10 (.98) to 200 (.988); nodes in
    proportion to k would give .992 at 200 for a quarter more time.
    """
    share = k / NEIGHBOURS
    candidates = math.ceil(entry.candidates * max((1.0 + share) / 2.0, share))
    return candidates, math.ceil(entry.search_k * max(0.6, math.sqrt(share)))
