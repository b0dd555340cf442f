"""What a caller may ask a library with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cbvir_core.decode import read_picture
from cbvir_core.types import Image

QueryPicture = Path | str | bytes | Image
"""A path to a picture, the bytes of a picture file, or an RGB array."""


def read_query(query: QueryPicture) -> Image:
    """Return the picture as an RGB array.  Raises NotAPicture, FileUnreadable."""
    if isinstance(query, np.ndarray):
        return query
    return read_picture(Path(query) if isinstance(query, str) else query)
