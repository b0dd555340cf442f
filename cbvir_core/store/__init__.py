"""The LMDB store of videos, keyframes and descriptors, which every index is derived from.

One process writes; a batch of keyframes is stored whole or not at all.
"""

from cbvir_core.store.changelog import FRAMES_GENERATION, Changes
from cbvir_core.store.check import StoreFault, check_store
from cbvir_core.store.comparison_tables import Comparison, SharedSegment
from cbvir_core.store.environment import Table
from cbvir_core.store.file_length import fill_hole, refuse_short_file
from cbvir_core.store.frames import FrameCounts
from cbvir_core.store.generations import DescriptorCounts
from cbvir_core.store.layout import KeyframeRow
from cbvir_core.store.path_keys import path_order
from cbvir_core.store.path_tables import absolute_path
from cbvir_core.store.records import Generation, VideoRecord
from cbvir_core.store.relocation import PathMap
from cbvir_core.store.snapshot import (
    StoreEntry,
    StoreSnapshot,
    StoreSummary,
    fill_store,
    store_snapshot,
    store_summary,
)
from cbvir_core.store.store import Store
from cbvir_core.store.videos import VideoCounts

__all__ = [
    "FRAMES_GENERATION",
    "Changes",
    "Comparison",
    "DescriptorCounts",
    "FrameCounts",
    "Generation",
    "KeyframeRow",
    "PathMap",
    "SharedSegment",
    "Store",
    "StoreEntry",
    "StoreFault",
    "StoreSnapshot",
    "StoreSummary",
    "Table",
    "VideoCounts",
    "VideoRecord",
    "absolute_path",
    "check_store",
    "fill_hole",
    "fill_store",
    "path_order",
    "refuse_short_file",
    "store_snapshot",
    "store_summary",
]
