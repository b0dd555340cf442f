"""Localisation: which frame of a scene a picture was taken from, by thumbnails and by decoding again."""

from __future__ import annotations

from cbvir_core.localise.find import find_moment
from cbvir_core.localise.frames import HeldFrames
from cbvir_core.localise.moment import Moment
from cbvir_core.localise.picture import hold_frames_around, read_picture_at
from cbvir_core.localise.rivals import scene_fits
from cbvir_core.localise.template import TemplateMatch, find_template
from cbvir_core.localise.thumbnails import ThumbnailMatch, match_thumbnails

__all__ = [
    "HeldFrames",
    "Moment",
    "TemplateMatch",
    "ThumbnailMatch",
    "find_moment",
    "find_template",
    "hold_frames_around",
    "match_thumbnails",
    "read_picture_at",
    "scene_fits",
]
