"""The frame route: scenes of which a frame, or a part of one, resembles the picture or a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from cbvir_core.embed import ViewEncoder
from cbvir_core.embed.views import QUERY_SCALES
from cbvir_core.index import FrameIndex
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.variants import IN_REGION, Variant
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
    - `time_s`: when the frame is shown; 0 until it was looked up.
    - `variant`: the name of the variant whose view it is; `view`: 0 where the whole frame resembles it, else
      a part of the frame does.
    """

    row: int
    frame: int
    similarity: float
    variant: str
    view: int
    time_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class QueryViews:
    """The descriptors of a query's variants, V x D, and of which variant each row is, by its place.

    The first row of each variant is of its usual size.
    """

    variants: Sequence[Variant]
    rows: Rows
    numbers: npt.NDArray[np.int64]

    @property
    def names(self) -> list[str]:
        """The name of the variant of each row."""
        return [self.variants[number].name for number in self.numbers]

    @property
    def usual_rows(self) -> Rows:
        """The descriptors of the variants at the usual size, one each."""
        return self.rows[np.unique(self.numbers, return_index=True)[1]]


@dataclass(frozen=True, slots=True)
class FrameFinder:
    """Finds frames by their views."""

    index: FrameIndex
    encoder: ViewEncoder

    def has_frames(self) -> bool:
        """Return whether any frame can be found: until there is one, no query needs to be described."""
        self.index.refresh()
        return self.index.status().rows > 0

    def describe(self, variants: Sequence[Variant]) -> QueryViews:
        """Return the views of variants, of which there is one at least.

        A part of the picture is described at the usual size alone: it is taken for a whole frame.
        """
        described = parallel_map(
            lambda variant: self.encoder.encode_query(
                variant.image, QUERY_SCALES[:1] if variant.name == IN_REGION else QUERY_SCALES
            ),
            variants,
        )
        numbers = np.repeat(np.arange(len(described)), [len(rows) for rows in described])
        return QueryViews(variants, np.concatenate(described), numbers)

    def find(self, views: QueryViews, within: RowNumbers | None) -> dict[int, FrameMatch]:
        """Return the best frame of each scene, by row, the most similar scenes first.

        `within` are the rows that are searched, None for all.
        """
        return best_matches(self._nearest(views.rows, views.names, within))

    def _nearest(self, queries: Rows, names: Sequence[str], within: RowNumbers | None) -> list[FrameMatch]:
        """Return the best frames of the best scenes, each scene once."""
        if within is not None and len(within) <= MAX_COMPARED_SCENES:
            return self._compared(queries, names, within)
        nearest = self.index.search(queries, NEAREST_VIEWS)
        numbers = np.repeat(np.arange(len(nearest)), [len(one.rows) for one in nearest])
        rows, frames, views, cosines = (np.concatenate(parts) for parts in zip(*nearest, strict=True))
        order = np.lexsort((frames, rows, -cosines))
        if within is not None:
            order = order[np.isin(rows[order], within)]
        # A page's worth of variants finds tens of thousands of views: no object is made of each of them.
        firsts = order[np.sort(np.unique(rows[order], return_index=True)[1])][:MAX_FRAME_SCENES]
        return [
            FrameMatch(int(row), int(frame), float(cosine), names[number], int(view))
            for row, frame, view, cosine, number in zip(
                *(part[firsts] for part in (rows, frames, views, cosines, numbers)), strict=True
            )
        ]

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
