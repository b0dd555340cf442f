"""Picture sizes, the one place where a picture is scaled down, and the encoding of stills and thumbnails."""

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
"""Pixels of a side of a JPEG block."""

STILL_SIDE = 512
"""Longer side in pixels of what ingest decodes and stores: the input of SOLAR's larger scale."""

THUMBNAIL_SIDE = 128
"""Longer side in pixels of the grey thumbnails: enough to distinguish neighbouring frames of a scene
(`cbvir_core.localise.find`)."""

STRIP_QUALITY = 50
"""JPEG quality of a strip of thumbnails, which then take .8 to 1 kB each."""

MAX_SAMPLE_ASPECT = Fraction(4)
"""A sample aspect ratio beyond 4:1 comes from a broken header, not a lens; pixels are taken as square."""


def square_size(width: int, height: int, sample_aspect: Fraction) -> tuple[int, int]:
    """Return width and height with square pixels: the side that is stored too short is stretched.

    Players do the same, and no pixel of the stored picture is lost.
    """
    if not 1 / MAX_SAMPLE_ASPECT <= sample_aspect <= MAX_SAMPLE_ASPECT:
        return width, height
    if sample_aspect >= 1:
        return max(1, round(width * sample_aspect)), height
    return width, max(1, round(height / sample_aspect))


def fit_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Return the size at which the longer side is at most `long_side`, of the same shape; never enlarged."""
    longest = max(width, height)
    if longest <= long_side:
        return width, height
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def fit_within(image: Image, long_side: int) -> Image:
    """Return the picture shrunk by area averaging so that its longer side is at most `long_side`.

    A picture that fits is returned itself, not copied.
    """
    height, width = image.shape[:2]
    size = fit_size(width, height, long_side)
    if size == (width, height):
        return image
    shrunk: Image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return shrunk


def encode_still(image: Image, quality: int = 85) -> bytes:
    """Return the picture as JPEG (`quality` 0-100)."""
    return _encoded(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def thumbnail(image: Image) -> Grey:
    """Return the grey picture at the size of a thumbnail."""
    return np.asarray(cv2.cvtColor(fit_within(image, THUMBNAIL_SIDE), cv2.COLOR_RGB2GRAY), np.uint8)


def encode_strip(frames: Strip) -> bytes:
    """Return thumbnails (N x H x W) one below the other as one JPEG, which saves N - 1 headers.

    Each begins on a JPEG block, so that none bleeds into the next.
    """
    rows = -frames.shape[1] % JPEG_BLOCK
    whole = np.pad(frames, ((0, 0), (0, rows), (0, 0)), mode="edge")
    parameters = [cv2.IMWRITE_JPEG_QUALITY, STRIP_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return _written(whole.reshape(-1, frames.shape[2]), ".jpg", parameters)


def decode_strip(data: bytes, count: int, height: int) -> Strip:
    """Return the thumbnails in what `encode_strip` made, as JPEG left them; raises NotAPicture otherwise."""
    strip = _read(data, cv2.IMREAD_GRAYSCALE)
    rows = height + -height % JPEG_BLOCK
    if strip is None or strip.shape[0] != count * rows:
        raise NotAPicture("The stored thumbnails are no JPEG of that size.")
    return np.asarray(strip.reshape(count, rows, strip.shape[1])[:, :height], np.uint8)


def encode_png(image: Image) -> bytes:
    """Return the picture as PNG."""
    return _encoded(image, ".png", [])


def decode_still(data: bytes) -> Image:
    """Return the picture in a JPEG that `encode_still` made.  Raises NotAPicture for other bytes."""
    picture = _read(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise NotAPicture("The stored still is no JPEG.")
    image: Image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return image


def _read(data: bytes, flags: int) -> npt.NDArray[np.uint8] | None:
    """Return the raster in a file's bytes; None where there is none."""
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
