"""Sizes, and the one place where a picture is scaled down; stills as they are kept in the store."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.errors import NotAPicture
from cbvir_core.types import Grey, Image

Strip = npt.NDArray[np.uint8]
"""Grey pictures of one size, N x H x W."""

JPEG_BLOCK = 8

STILL_SIDE = 512
"""Long side in pixels of what ingest decodes to and stores: the input of SOLAR's larger scale."""

THUMBNAIL_SIDE = 128
"""Long side in pixels of the grey thumbnails by which the frames of a scene are told apart: enough for
neighbours (`cbvir_core.localise.find`)."""

STRIP_QUALITY = 50
"""JPEG quality of a strip of thumbnails: .8 to 1 kB each."""

MAX_SAMPLE_ASPECT = Fraction(4)
"""A sample aspect ratio beyond 4:1 is a broken header, not a lens; it is taken as square."""


def square_size(width: int, height: int, sample_aspect: Fraction) -> tuple[int, int]:
    """Width and height with square pixels: the side that is stored too short is stretched.

    So does a player, and so no pixel of the stored picture is lost.
    """
    if not 1 / MAX_SAMPLE_ASPECT <= sample_aspect <= MAX_SAMPLE_ASPECT:
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


def thumbnail(image: Image) -> Grey:
    """The picture tiny and grey."""
    return np.asarray(cv2.cvtColor(fit_within(image, THUMBNAIL_SIDE), cv2.COLOR_RGB2GRAY), np.uint8)


def encode_strip(frames: Strip) -> bytes:
    """Thumbnails (N x H x W) one below the other as one JPEG, which spares N - 1 headers.

    Each begins on a block of JPEG's, so that none bleeds into the next.
    """
    rows = -frames.shape[1] % JPEG_BLOCK
    whole = np.pad(frames, ((0, 0), (0, rows), (0, 0)), mode="edge")
    parameters = [cv2.IMWRITE_JPEG_QUALITY, STRIP_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return _written(whole.reshape(-1, frames.shape[2]), ".jpg", parameters)


def decode_strip(data: bytes, count: int, height: int) -> Strip:
    """The inverse of `encode_strip`, but for what JPEG loses.  Raises NotAPicture for other bytes."""
    strip = _read(data, cv2.IMREAD_GRAYSCALE)
    rows = height + -height % JPEG_BLOCK
    if strip is None or strip.shape[0] != count * rows:
        raise NotAPicture("The stored thumbnails are no JPEG of that size.")
    return np.asarray(strip.reshape(count, rows, strip.shape[1])[:, :height], np.uint8)


def encode_png(image: Image) -> bytes:
    """The picture as PNG."""
    return _encoded(image, ".png", [])


def decode_still(data: bytes) -> Image:
    """The picture in a JPEG that `encode_still` made.  Raises NotAPicture for other bytes."""
    picture = _read(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise NotAPicture("The stored still is no JPEG.")
    image: Image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return image


def _read(data: bytes, flags: int) -> npt.NDArray[np.uint8] | None:
    """The raster in a file's bytes; None where there is none."""
    try:
        raster = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # no bytes, or a header that claims more pixels than OpenCV takes
        return None
    return None if raster is None else np.asarray(raster, np.uint8)


def _encoded(image: Image, form: str, parameters: list[int]) -> bytes:
    return _written(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8), form, parameters)


def _written(raster: npt.NDArray[np.uint8], form: str, parameters: list[int]) -> bytes:
    done, data = cv2.imencode(form, raster, parameters)
    if not done:
        raise NotAPicture(f"A picture of shape {raster.shape} cannot be written as {form}.")
    return data.tobytes()
