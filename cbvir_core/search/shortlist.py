"""The dynamic shortlist: which keyframes are worth refining (MoReSo, Table I, "Dynamic Shortlisting").

The rule, in this one place: the nearest ``SHARE`` of the keyframes searched, by Euclidean distance
between filter descriptors, at least ``AT_LEAST`` and at most ``AT_MOST`` of them.  The paper sets the
threshold to 10 % of the data set's volume (Table IV).  The lower bound lets a small library refine
everything; the upper one keeps the answer's time flat as the library grows: at 120,000 keyframes
10 % would be 12,000, and of edited frames the right
clip is not merely shortlisted but first in .99 (ImageNet weights, 73 clips).

Without SOLAR nothing is refined, and ``AT_LEAST`` is also the most.  Who asks for every scene that shows the
picture has ``EVERYWHERE`` of them, with SOLAR or without.

Each variant of the picture is looked up by itself; a keyframe counts with its nearest variant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Rows

SHARE = 0.10
AT_LEAST = 50
AT_MOST = 200
EVERYWHERE = 1000

Neighbours = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Row numbers and Euclidean distances, ascending."""


class Gallery(Protocol):
    """What can be asked for neighbours: the index, or the keyframes of a few videos."""

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """For each descriptor the k nearest keyframes: rows and distances, ascending."""

    def __len__(self) -> int:
        """How many keyframes are searched."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Candidates in ascending distance; `variants` is the number of each one's nearest variant."""

    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float32]
    variants: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def cosines(self) -> npt.NDArray[np.float64]:
        """Of unit rows, exactly: ``1 - distance ** 2 / 2``."""
        return 1.0 - self.distances.astype(np.float64) ** 2 / 2.0


def length(searched: int, at_most: int = AT_MOST, asked: int = 1) -> int:
    """How many of the keyframes searched are shortlisted: the rule above, but never fewer than asked."""
    share = max(AT_LEAST, math.ceil(SHARE * searched))
    return min(searched, max(asked, min(at_most, share)))


def shortlist(gallery: Gallery, queries: Rows, at_most: int = AT_MOST, asked: int = 1) -> Shortlist:
    """The keyframes nearest to any of the queries (one row per variant), at least `asked` of them."""
    k = length(len(gallery), at_most, asked)
    found = gallery.nearest(queries, k) if k else [(np.zeros(0, np.int64), np.zeros(0, np.float32))]
    rows = np.concatenate([neighbours[0] for neighbours in found])
    distances = np.concatenate([neighbours[1] for neighbours in found])
    variants = np.repeat(np.arange(len(found)), [len(neighbours[0]) for neighbours in found])
    order = np.lexsort((variants, distances))
    _, first = np.unique(rows[order], return_index=True)
    best = order[np.sort(first)][:k]
    return Shortlist(rows[best], distances[best], variants[best])
