"""From frames to keyframes: block histograms, sub-matrix SVD, dynamic clustering, a good frame each."""

from __future__ import annotations

from cbvir_core.keyframes.accuracy import Score, keyframe_score
from cbvir_core.keyframes.extractor import KeyframeExtractor, extract_keyframes
from cbvir_core.keyframes.options import Form, KeyframeOptions

__all__ = ["Form", "KeyframeExtractor", "KeyframeOptions", "Score", "extract_keyframes", "keyframe_score"]
