"""A query and what is known of how it lies on the film."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.decode.scale import fit_size
from cbvir_core.geometry import Matrix, Size, frame_in_query, mirror, outer_corners, project, rescale
from cbvir_core.localise.pattern import Pattern, placed_pattern, whole_pattern
from cbvir_core.types import Grey, Image

MAX_THUMBNAIL_SIDE = 256
"""Long side in pixels of thumbnails for a query that shows a small part of the frame."""

MAX_CORNER_SHIFT = 0.02
"""Share of the still's long side up to which a corner of the query may lie beside that of the still where the
query is nearly the whole frame: the errors of local features."""


class LocalisationQuery:
    """The query in grey, mirrored back if it was mirrored, beside thumbnails of one video.

    `transform` maps pixels of the query to those of a still of size `still`; of negative determinant if
    `mirrored`.  Thumbnails show the same part of the frame as the still; they are `frame` shrunk to a long
    side of `thumbnail_side`, which is chosen by the query where it is not given.  `as_whole` is the
    `transform` of a query that is the whole still.  `whole` is the query taken as the whole frame, `placed`
    as it was verified; None where it cannot be taken so.  `is_nearly_whole`: both are about the same.
    """

    def __init__(
        self,
        picture: Image,
        transform: Matrix | None,
        mirrored: bool,
        *,
        still: Size,
        frame: Size,
        thumbnail_side: int | None = None,
    ) -> None:
        grey: Grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        size = (grey.shape[1], grey.shape[0])
        to_still = None if transform is None else np.asarray(transform, np.float64)
        self._flip = mirror(size[0]) if mirrored else np.eye(3)
        if mirrored:
            grey = np.ascontiguousarray(grey[:, ::-1])
            to_still = None if to_still is None else to_still @ self._flip
        self.thumbnail = fit_size(*frame, thumbnail_side or _thumbnail_side(to_still, size, still))
        self.whole: Pattern | None = whole_pattern(grey, self.thumbnail)
        self.placed: Pattern | None = None
        self._to_thumbnail = rescale(still, self.thumbnail)
        self._to_still = to_still
        self.as_whole: Matrix = rescale(size, still) @ self._flip
        self.is_nearly_whole = to_still is not None and _moves_little(to_still, size, still)
        if to_still is not None:
            self.placed = placed_pattern(grey, self._to_thumbnail @ to_still, self.thumbnail)

    def transform(self, placement: Matrix | None) -> Matrix:
        """Return the `transform` by which `placed` would have this placement; None is the whole still."""
        if (
            placement is None
            or self.placed is None
            or self.placed.placement is None
            or self._to_still is None
        ):
            return self.as_whole
        moved = placement @ np.linalg.inv(self.placed.placement)
        from_thumbnail = np.linalg.inv(self._to_thumbnail)
        return np.asarray(
            from_thumbnail @ moved @ self._to_thumbnail @ self._to_still @ self._flip, np.float64
        )


def _moves_little(to_still: Matrix, query: Size, still: Size) -> bool:
    """Return whether the query's corners lie at those of the still."""
    corners = project(to_still, outer_corners(query))
    away = np.linalg.norm(corners - outer_corners(still), axis=1).max()
    return bool(away <= MAX_CORNER_SHIFT * max(still))


def _thumbnail_side(to_still: Matrix | None, query: Size, still: Size) -> int:
    """Choose the long side of thumbnails: the smaller the part of the frame in the query, the larger."""
    outline = None if to_still is None else frame_in_query(to_still, query, still)
    if outline is None:
        return THUMBNAIL_SIDE
    shown = min(1.0, max(query) / float(np.ptp(outline, axis=0).max()))
    return min(MAX_THUMBNAIL_SIDE, round(THUMBNAIL_SIDE / shown))
