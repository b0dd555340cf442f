"""The exact moment: which frame of a scene a picture was taken from."""

from __future__ import annotations

from cbvir_core.moment.find import Moment, find_moment

__all__ = ["Moment", "find_moment"]
