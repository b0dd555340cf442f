"""Localisation: which frame of a scene a picture was taken from, by thumbnails and by decoding again."""

from __future__ import annotations

from cbvir_core.localise.find import find_moment
from cbvir_core.localise.moment import Moment
from cbvir_core.localise.picture import read_picture_at
from cbvir_core.localise.thumbnails import ThumbnailMatch, match_thumbnail, match_thumbnails

__all__ = [
    "Moment",
    "ThumbnailMatch",
    "find_moment",
    "match_thumbnail",
    "match_thumbnails",
    "read_picture_at",
]
