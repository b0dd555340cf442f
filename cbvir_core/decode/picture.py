"""Reading a query picture: any of the usual formats, as upright 8-bit RGB."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from cbvir_core.decode.identity import regular_size, unreadable
from cbvir_core.errors import FileUnreadable, NotAPicture, NotAVideo
from cbvir_core.types import Image

PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM")
"""Formats that are read.  Left out on purpose: those for which Pillow starts another program (EPS)."""

MAX_PICTURE_PIXELS = 100_000_000
"""About 300 MB as RGB: more than nearly any camera makes, less than a decompression bomb."""

PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
)
"""What Pillow raises for data that contradict their format."""

WHITE_RGBA = (255, 255, 255, 255)


def read_picture(source: str | Path | bytes) -> Image:
    """Return the picture in a file or in bytes: RGB uint8, turned upright by its EXIF orientation.

    Grey, palette and CMYK become RGB; of 16 bits the upper 8 remain; transparent parts become white, as on a
    page; of an animation the first frame is taken.  Raises NotAPicture for anything else, for a picture that
    is cut short, and above `MAX_PICTURE_PIXELS`; its message says what to do.
    """
    path = None if isinstance(source, bytes) else Path(source)
    data = source if isinstance(source, bytes) else _read(Path(source))
    try:
        with Pillow.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
            _check_size(picture.size, path)
            picture.load()
            return _to_rgb(_upright(picture))
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        advice = "use JPEG, PNG, WebP, GIF, BMP or TIFF"
        raise _refused(f"is in no format that can be read; {advice}", path) from error
    except PILLOW_ERRORS as error:
        raise _refused(f"is damaged or cut short ({error}); save it again", path) from error


def _read(path: Path) -> bytes:
    try:
        regular_size(path)
        return path.read_bytes()
    except (NotAVideo, FileUnreadable) as error:
        raise NotAPicture(str(error.args[0]).replace("video", "picture"), path=path) from error
    except OSError as error:
        raise NotAPicture(str(unreadable(path, error).args[0]), path=path) from error


def _check_size(size: tuple[int, int], path: Path | None) -> None:
    if size[0] * size[1] > MAX_PICTURE_PIXELS:
        raise _too_large(path)


def _too_large(path: Path | None) -> NotAPicture:
    return _refused(
        f"has more than {MAX_PICTURE_PIXELS // 1_000_000} million pixels; shrink it, "
        "a long side of 2,000 pixels is plenty",
        path,
    )


def _refused(reason: str, path: Path | None) -> NotAPicture:
    """Return the error for a picture in a file, or (None) in bytes."""
    return NotAPicture(f"the picture {reason}") if path is None else NotAPicture(reason, path=path)


def _upright(picture: Pillow.Image) -> Pillow.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except PILLOW_ERRORS:
        # Broken EXIF is common and does not mean that the picture is broken.
        return picture


def _to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode.startswith(("I", "F")):
        return _wide_grey_to_rgb(np.asarray(picture))
    if picture.has_transparency_data:
        paper = Pillow.new("RGBA", picture.size, WHITE_RGBA)
        picture = Pillow.alpha_composite(paper, picture.convert("RGBA"))
    return np.array(picture.convert("RGB"), dtype=np.uint8)


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
