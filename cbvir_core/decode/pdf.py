"""Pictures as the pages of a PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image as PillowImage

from cbvir_core.types import Image

PDF_DPI = 150.0
"""Pixels of an inch: a page of 1,216 pixels is as wide as A4."""


def encode_pdf(pages: Sequence[Image], title: str) -> bytes:
    """Return a PDF with a page for each picture.  Raises ValueError for no pages."""
    if not pages:
        raise ValueError("a PDF wants at least one page")
    first, *others = [PillowImage.fromarray(page) for page in pages]
    data = io.BytesIO()
    first.save(
        data, "PDF", save_all=True, append_images=others, resolution=PDF_DPI, title=title, producer="cbvir"
    )
    return data.getvalue()
