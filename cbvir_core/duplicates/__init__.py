"""The library compared with itself: copies, excerpts, compilations, title sequences and other reuse."""

from __future__ import annotations

from cbvir_core.duplicates.finder import ComparisonListener, ComparisonProgress, DuplicateFinder
from cbvir_core.duplicates.groups import duplicate_groups
from cbvir_core.duplicates.kinds import DuplicateGroup, DuplicateKind, VideoPlace
from cbvir_core.duplicates.still_pairs import still_pair

__all__ = [
    "ComparisonListener",
    "ComparisonProgress",
    "DuplicateFinder",
    "DuplicateGroup",
    "DuplicateKind",
    "VideoPlace",
    "duplicate_groups",
    "still_pair",
]
