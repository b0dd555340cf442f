"""Cutting the frames of a video to the box that its borders leave."""

from __future__ import annotations

import numpy as np

from cbvir_core.geometry import Size
from cbvir_core.types import Box, Frame, Image


def crop_frame(frame: Frame, box: Box | None) -> Frame:
    """Return the frame cut to the box as `crop_picture` cuts it."""
    image = crop_picture(frame.image, box)
    return frame if image is frame.image else Frame(frame.time, image)


def crop_picture(image: Image, box: Box | None) -> Image:
    """Return the picture cut to the box; None leaves it whole.

    A picture that is too small for the box, in a video that changes its size, is returned whole.
    """
    if box is None or image.shape[0] < box[3] or image.shape[1] < box[2]:
        return image
    left, top, right, bottom = box
    return np.ascontiguousarray(image[top:bottom, left:right])


def scale_box(box: Box, source: Size, target: Size) -> Box:
    """Return the box of a picture of size `source` in the same picture at size `target`, never empty."""
    if source == target:
        return box
    left, right = _scale_span(box[0], box[2], source[0], target[0])
    top, bottom = _scale_span(box[1], box[3], source[1], target[1])
    return left, top, right, bottom


def _scale_span(begin: int, end: int, source: int, target: int) -> tuple[int, int]:
    begin = min(round(begin * target / source), target - 1)
    return begin, max(begin + 1, round(end * target / source))
