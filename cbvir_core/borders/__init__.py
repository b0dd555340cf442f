"""Borders of pictures and of whole videos: finding them, and cutting them off."""

from __future__ import annotations

from cbvir_core.borders.crop import crop_frame, scale_box
from cbvir_core.borders.still import content_box
from cbvir_core.borders.video import StableBorders, find_borders

__all__ = ["StableBorders", "content_box", "crop_frame", "find_borders", "scale_box"]
