"""Temporal alignment: which part of one video is which part of another, by their similarity matrix."""

from __future__ import annotations

from cbvir_core.align.matrix import FrameTimes, SimilarityMatrix, frame_similarities, region_chamfer
from cbvir_core.align.path import AlignmentPath, best_path
from cbvir_core.align.segments import AlignedSegment, find_segments

__all__ = [
    "AlignedSegment",
    "AlignmentPath",
    "FrameTimes",
    "SimilarityMatrix",
    "best_path",
    "find_segments",
    "frame_similarities",
    "region_chamfer",
]
