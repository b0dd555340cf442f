"""From samples to keyframes, thumbnails and differing frames: detectors, and the one loop of ingest."""

from __future__ import annotations

from cbvir_core.keyframes.accuracy import KeyframeScore, keyframe_score, score_times
from cbvir_core.keyframes.clip_reading import (
    CLIP_SAMPLE_S,
    CUT_REACH_S,
    ClipDecoding,
    ClipFrames,
    cut_near,
    open_clip,
)
from cbvir_core.keyframes.detectors import DETECTORS, KeyframeDetector
from cbvir_core.keyframes.extractor import KeyframeExtractor
from cbvir_core.keyframes.frames import FRAME_SIDE, MAX_SCENE_FRAMES
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.keyframes.pipeline import KeyframeReader, extract_keyframes
from cbvir_core.keyframes.scene_reader import SceneTask, read_scene_frames
from cbvir_core.keyframes.thumbnails import MAX_SCENE_THUMBNAILS

__all__ = [
    "CLIP_SAMPLE_S",
    "CUT_REACH_S",
    "DETECTORS",
    "FRAME_SIDE",
    "MAX_SCENE_FRAMES",
    "MAX_SCENE_THUMBNAILS",
    "ClipDecoding",
    "ClipFrames",
    "KeyframeDetector",
    "KeyframeExtractor",
    "KeyframeOptions",
    "KeyframeReader",
    "KeyframeScore",
    "SceneTask",
    "cut_near",
    "extract_keyframes",
    "keyframe_score",
    "open_clip",
    "read_scene_frames",
    "score_times",
]
