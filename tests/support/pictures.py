"""Pictures as bytes of a format, for tests that read them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from pi_heif import register_heif_opener
from PIL import Image as Pillow
from pillow_heif import register_heif_opener as register_heif_writer

from cbvir_core.types import Image

register_heif_writer()
register_heif_opener()  # read with what cbvir reads with

ORIENTATION_TAG = 0x0112

BRIGHT_SIDE = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
"""Where the left of a picture belongs by its EXIF orientation (TIFF 6.0, tag 274)."""


def saved(image: Pillow.Image | Image, kind: str, **options: Any) -> bytes:
    """The picture in a format as Pillow names it."""
    made = image if isinstance(image, Pillow.Image) else Pillow.fromarray(image)
    data = io.BytesIO()
    made.save(data, kind, **options)
    return data.getvalue()


def turned_by(orientation: int) -> Pillow.Exif:
    """EXIF with an orientation."""
    exif = Pillow.Exif()
    exif[ORIENTATION_TAG] = orientation
    return exif


def red_side(image: Image) -> str:
    """The side of a picture that is red, where the opposite one is not."""
    sides = {"left": image[:, 4], "right": image[:, -4], "top": image[4], "bottom": image[-4]}
    return max(sides, key=lambda name: float(sides[name][..., 0].mean()))


def patches(width: int, height: int, seed: int = 1) -> Image:
    """Coloured patches that differ everywhere, smooth enough for any codec."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Pillow.fromarray(coarse).resize((width, height), Pillow.Resampling.BICUBIC))


SCAN = b"\xff\xda"
"""The marker before the data of a scan of a JPEG."""


def scan_bomb(repeats: int, image: Image | None = None) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(patches(64, 64) if image is None else image, "JPEG", progressive=True, quality=30)
    last = data[data.rindex(SCAN) : -2]
    return data[:-2] + last * repeats + data[-2:]


def size_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be of that size."""
    small = bytearray(saved(Pillow.new("L", (8, 8)), "PNG"))
    small[16:24] = struct.pack(">II", width, height)
    small[29:33] = struct.pack(">I", zlib.crc32(small[12:29]))
    return bytes(small)
