"""Sizes, and the one place where a picture is scaled down; stills as they are kept in the store."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

from cbvir_core.errors import NotAPicture
from cbvir_core.types import Image

STILL_SIDE = 512
"""Long side in pixels of what ingest decodes to and stores: the input of SOLAR's larger scale."""

SANE_ASPECT = Fraction(4)
"""A sample aspect ratio beyond 4:1 is a broken header, not a lens; it is taken as square."""


def square_size(width: int, height: int, sample_aspect: Fraction) -> tuple[int, int]:
    """Width and height with square pixels: the side that is stored too short is stretched.

    So does a player, and so no pixel of the stored picture is lost.
    """
    if not 1 / SANE_ASPECT <= sample_aspect <= SANE_ASPECT:
        return width, height
    if sample_aspect >= 1:
        return max(1, round(width * sample_aspect)), height
    return width, max(1, round(height / sample_aspect))


def fit_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The largest size of the same shape whose long side is at most `long_side`; never larger."""
    longest = max(width, height)
    if longest <= long_side:
        return width, height
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def fit_within(image: Image, long_side: int) -> Image:
    """The picture shrunk by area averaging until its long side is at most `long_side`.

    A picture that fits is handed back as it is, not copied.
    """
    height, width = image.shape[:2]
    size = fit_size(width, height, long_side)
    if size == (width, height):
        return image
    shrunk: Image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return shrunk


def encode_still(image: Image, quality: int = 85) -> bytes:
    """The picture as JPEG (`quality` 0-100)."""
    return _encoded(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: Image) -> bytes:
    """The picture as PNG."""
    return _encoded(image, ".png", [])


def decode_still(data: bytes) -> Image:
    """The picture in a JPEG that `encode_still` made.  Raises NotAPicture for other bytes."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags) if data else None
    if picture is None:
        raise NotAPicture("The stored still is no JPEG.")
    image: Image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return image


def _encoded(image: Image, form: str, parameters: list[int]) -> bytes:
    done, data = cv2.imencode(form, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), parameters)
    if not done:
        raise NotAPicture(f"A picture of shape {image.shape} cannot be written as {form}.")
    return data.tobytes()
