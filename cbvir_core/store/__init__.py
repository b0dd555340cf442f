"""Descriptor -> LMDB: the truth.  One writer; a batch of keyframes is there whole or not at all."""

from cbvir_core.store.changelog import Changes
from cbvir_core.store.generations import Counts
from cbvir_core.store.layout import KeyframeRow
from cbvir_core.store.records import Generation, VideoRecord
from cbvir_core.store.store import Store

__all__ = ["Changes", "Counts", "Generation", "KeyframeRow", "Store", "VideoRecord"]
