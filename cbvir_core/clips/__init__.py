"""Clips as queries: which parts of a clip are which parts of which videos."""

from __future__ import annotations

from cbvir_core.clips.answer import ClipAnswer, ClipHit
from cbvir_core.clips.clip import Clip, read_clip
from cbvir_core.clips.in_order import OrderedHit, videos_in_order
from cbvir_core.clips.searcher import ClipSearcher

__all__ = ["Clip", "ClipAnswer", "ClipHit", "ClipSearcher", "OrderedHit", "read_clip", "videos_in_order"]
