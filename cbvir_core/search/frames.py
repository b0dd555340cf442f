"""The frame route: scenes of which a frame, or a part of one, resembles the picture or a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from cbvir_core.embed import ViewEncoder
from cbvir_core.index import FrameIndex
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.variants import Variant
from cbvir_core.types import RowNumbers, Rows

NEAREST_VIEWS = 512
"""Views that are looked up for each view of a query.  A still shot takes as many as it has frames, so fewer
would hide other scenes."""

MAX_COMPARED_SCENES = 2000
"""Scenes of which every view is compared where a query is limited to some videos: an hour or two of film."""

MAX_FRAME_SCENES = 64
"""Scenes that the frame route hands on at most, the most similar first."""


@dataclass(frozen=True, slots=True)
class FrameMatch:
    """The frame of a scene that resembles the picture most.

    - `row`: of the scene's keyframe; `frame`: the frame's number among those kept of the scene.
    - `similarity`: cosine of the views, as their codes have it.
    - `variant`: the name of the variant whose view it is; `view`: 0 where the whole frame resembles it, else
      a part of the frame does.
    """

    row: int
    frame: int
    similarity: float
    variant: str
    view: int


@dataclass(frozen=True, slots=True)
class FrameFinder:
    """Finds frames by their views."""

    index: FrameIndex
    encoder: ViewEncoder

    def find(self, variants: Sequence[Variant], within: RowNumbers | None) -> dict[int, FrameMatch]:
        """Return the best frame of each scene, by row, the most similar scenes first.

        `within` are the rows that are searched, None for all.
        """
        described = parallel_map(lambda variant: self.encoder.encode_query(variant.image), variants)
        names = [variant.name for variant, rows in zip(variants, described, strict=True) for _ in rows]
        queries = np.concatenate(described)
        return best_matches(self._nearest(queries, names, within))

    def _nearest(self, queries: Rows, names: Sequence[str], within: RowNumbers | None) -> list[FrameMatch]:
        if within is not None and len(within) <= MAX_COMPARED_SCENES:
            return self._compared(queries, names, within)
        nearest = self.index.search(queries, NEAREST_VIEWS)
        found = []
        for name, one in zip(names, nearest, strict=True):
            allowed = np.ones(len(one.rows), np.bool_) if within is None else np.isin(one.rows, within)
            for row, frame, view, cosine in zip(*(part[allowed] for part in one), strict=True):
                found.append(FrameMatch(int(row), int(frame), float(cosine), name, int(view)))
        return found

    def _compared(self, queries: Rows, names: Sequence[str], rows: RowNumbers) -> list[FrameMatch]:
        """Return the best frame of each of `rows`: the nearest views of all may contain none of these."""
        found = []
        for row, cosines in self.index.compare(queries, rows):
            query, frame, view = np.unravel_index(int(cosines.argmax()), cosines.shape)
            best = float(cosines[query, frame, view])
            found.append(FrameMatch(row, int(frame), best, names[int(query)], int(view)))
        return found


def best_matches(matches: Iterable[FrameMatch]) -> dict[int, FrameMatch]:
    """Return the best match of each scene, by row, the most similar first, `MAX_FRAME_SCENES` at most."""
    best: dict[int, FrameMatch] = {}
    for match in sorted(matches, key=lambda match: (-match.similarity, match.row, match.frame)):
        best.setdefault(match.row, match)
    return dict(islice(best.items(), MAX_FRAME_SCENES))
