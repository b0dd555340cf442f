"""A query and what is known of how it lies on the film."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.decode.scale import fit_size
from cbvir_core.geometry import Matrix, Size, frame_in_query, mirror, rescale
from cbvir_core.localise.pattern import Pattern, placed_pattern, whole_pattern
from cbvir_core.types import Grey, Image

LARGEST_THUMBNAIL = 256
"""Long side in pixels of thumbnails for a query that shows a small part of the frame."""


class Question:
    """The query in grey, not mirrored, beside thumbnails of one video.

    `transform` maps pixels of the query to those of a still of size `still`; of negative determinant if
    `mirrored`.  Thumbnails show the same part of the frame; they are `frame` shrunk to a long side of `side`,
    which is chosen by the query where it is not given.  `as_whole` is the `transform` of a query that is
    the whole still.  `whole` is the query taken as the whole frame, `placed` as it was verified; None
    where it cannot be so.
    """

    def __init__(
        self,
        picture: Image,
        transform: Matrix | None,
        mirrored: bool,
        *,
        still: Size,
        frame: Size,
        side: int | None = None,
    ) -> None:
        grey: Grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        size = (grey.shape[1], grey.shape[0])
        to_still = None if transform is None else np.asarray(transform, np.float64)
        self._turned = mirror(size[0]) if mirrored else np.eye(3)
        if mirrored:
            grey = np.ascontiguousarray(grey[:, ::-1])
            to_still = None if to_still is None else to_still @ self._turned
        self.thumbnail = fit_size(*frame, side or _side(to_still, size, still))
        self.whole: Pattern | None = whole_pattern(grey, self.thumbnail)
        self.placed: Pattern | None = None
        self._to_thumbnail = rescale(still, self.thumbnail)
        self._to_still = to_still
        self.as_whole: Matrix = rescale(size, still) @ self._turned
        if to_still is not None:
            self.placed = placed_pattern(grey, self._to_thumbnail @ to_still, self.thumbnail)

    def transform(self, place: Matrix | None) -> Matrix:
        """`transform` as it would have to be for `placed` to lie at `place`; None is the whole still."""
        if place is None or self.placed is None or self.placed.place is None or self._to_still is None:
            return self.as_whole
        moved = place @ np.linalg.inv(self.placed.place)
        back = np.linalg.inv(self._to_thumbnail)
        return np.asarray(back @ moved @ self._to_thumbnail @ self._to_still @ self._turned, np.float64)


def _side(to_still: Matrix | None, query: Size, still: Size) -> int:
    """Larger the smaller the part of the frame is that the query shows."""
    outline = None if to_still is None else frame_in_query(to_still, query, still)
    if outline is None:
        return THUMBNAIL_SIDE
    shown = min(1.0, max(query) / float(np.ptp(outline, axis=0).max()))
    return min(LARGEST_THUMBNAIL, round(THUMBNAIL_SIDE / shown))
