"""The exact moment: which frame of a scene a picture was taken from."""

from __future__ import annotations

from cbvir_core.moment.find import Moment, find_moment
from cbvir_core.moment.survey import Survey, survey

__all__ = ["Moment", "Survey", "find_moment", "survey"]
