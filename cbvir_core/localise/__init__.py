"""The exact moment: which frame of a scene a picture was taken from."""

from __future__ import annotations

from cbvir_core.localise.find import Moment, find_moment
from cbvir_core.localise.thumbnails import Survey, survey

__all__ = ["Moment", "Survey", "find_moment", "survey"]
