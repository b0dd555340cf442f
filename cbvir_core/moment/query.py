"""A query and what is known of how it lies on the film."""

from __future__ import annotations

import cv2
import numpy as np

from cbvir_core.decode import STILL_SIDE
from cbvir_core.decode.scale import fit_size
from cbvir_core.moment.pattern import Grey, Pattern, placed_pattern, whole_pattern
from cbvir_core.moment.plane import Matrix, Size, frame_in_query, mirror, rescale
from cbvir_core.types import Image, VideoInfo

THUMBNAIL_SIDE, LARGEST_THUMBNAIL = 128, 256
"""Long side in pixels.  The smaller one is enough to tell neighbouring frames apart (see `moment.find`); more
is for a query that shows a small part of the frame."""


class Question:
    """The query in grey, not mirrored, beside thumbnails of one video.

    `side` is the long side that thumbnails must have, `thumbnail` the size that they have then.  `whole`
    is the query taken as the whole frame, `placed` as it was verified; None where it cannot be so.
    """

    def __init__(self, picture: Image, transform: Matrix | None, mirrored: bool, info: VideoInfo) -> None:
        grey: Grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        size = (grey.shape[1], grey.shape[0])
        to_still = None if transform is None else np.asarray(transform, np.float64)
        if mirrored:
            grey = np.ascontiguousarray(grey[:, ::-1])
            to_still = None if to_still is None else to_still @ mirror(size[0])
        still = fit_size(info.width, info.height, STILL_SIDE)
        self.side = _side(to_still, size, still)
        self.thumbnail = fit_size(info.width, info.height, self.side)
        self.whole: Pattern | None = whole_pattern(grey, self.thumbnail)
        self.placed: Pattern | None = None
        if to_still is not None:
            self.placed = placed_pattern(grey, rescale(still, self.thumbnail) @ to_still, self.thumbnail)


def _side(to_still: Matrix | None, query: Size, still: Size) -> int:
    """Larger the smaller the part of the frame is that the query shows."""
    outline = None if to_still is None else frame_in_query(to_still, query, still)
    if outline is None:
        return THUMBNAIL_SIDE
    shown = min(1.0, max(query) / float(np.ptp(outline, axis=0).max()))
    return min(LARGEST_THUMBNAIL, round(THUMBNAIL_SIDE / shown))
