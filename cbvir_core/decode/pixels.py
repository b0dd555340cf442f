"""From a picture as Pillow has opened it to upright 8-bit RGB."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, ImageOps
from PIL import Image as Pillow

from cbvir_core.types import Image

PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)
"""What Pillow and its plugins raise for data that contradict their format."""

WHITE_RGBA = (255, 255, 255, 255)


def upright_rgb(picture: Pillow.Image) -> Image:
    """Return the picture as RGB, turned by its EXIF orientation; transparent parts become white."""
    return _to_rgb(_upright(picture))


def _upright(picture: Pillow.Image) -> Pillow.Image:
    try:
        # Pillow would copy a picture that is upright, 400 MB at worst.
        upright = picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
        return picture if upright else ImageOps.exif_transpose(picture)
    except PILLOW_ERRORS:
        # Broken EXIF is common and does not mean that the picture is broken.
        return picture


def _to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode.startswith(("I", "F")):
        return _wide_grey_to_rgb(np.asarray(picture))
    if picture.has_transparency_data:
        paper = Pillow.new("RGBA", picture.size, WHITE_RGBA)
        picture = Pillow.alpha_composite(paper, picture.convert("RGBA"))
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"), dtype=np.uint8)


def _wide_grey_to_rgb(values: npt.NDArray[np.generic]) -> Image:
    """Return grey of more than 8 bits, or floating point in [0, 1] or [0, 255], as RGB."""
    wide = np.nan_to_num(values.astype(np.float32))
    top = float(wide.max(initial=0.0))
    if values.dtype.kind == "f":
        scale = 255.0 if top <= 1.0 else 1.0
    else:
        scale = 1 / 256 if values.dtype.itemsize == 2 or top > 255 else 1.0
    grey = np.clip(wide * scale, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
