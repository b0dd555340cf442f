"""Pictures shrunk as Pillow's ``thumbnail`` shrinks them, for comparisons with other authors."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from cbvir_core.types import Image


def shrink_lanczos(image: Image, long_side: int) -> Image:
    """Return the picture with its longer side at most `long_side`, by Lanczos; never enlarged."""
    if max(image.shape[:2]) <= long_side:
        return image
    picture = Pillow.fromarray(image)
    picture.thumbnail((long_side, long_side), Pillow.Resampling.LANCZOS)
    return np.asarray(picture, np.uint8)
