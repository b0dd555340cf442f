"""From samples to keyframes, thumbnails and differing frames: detectors, and the one loop of ingest."""

from __future__ import annotations

from cbvir_core.keyframes.accuracy import KeyframeScore, keyframe_score, score_times
from cbvir_core.keyframes.detectors import DETECTORS, KeyframeDetector
from cbvir_core.keyframes.extractor import KeyframeExtractor
from cbvir_core.keyframes.frames import FRAME_SIDE, MAX_SCENE_FRAMES
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.keyframes.pipeline import KeyframeReader, extract_keyframes
from cbvir_core.keyframes.scene_reader import SceneTask, read_scene_frames
from cbvir_core.keyframes.thumbnails import MAX_SCENE_THUMBNAILS

__all__ = [
    "DETECTORS",
    "FRAME_SIDE",
    "MAX_SCENE_FRAMES",
    "MAX_SCENE_THUMBNAILS",
    "KeyframeDetector",
    "KeyframeExtractor",
    "KeyframeOptions",
    "KeyframeReader",
    "KeyframeScore",
    "SceneTask",
    "extract_keyframes",
    "keyframe_score",
    "read_scene_frames",
    "score_times",
]
