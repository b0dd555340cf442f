"""From frames to keyframes: block histograms, sub-matrix SVD, dynamic clustering, a good frame each."""

from __future__ import annotations

from cbvir_core.keyframes.evaluate import Score, evaluate
from cbvir_core.keyframes.extractor import KeyframeExtractor, extract_keyframes
from cbvir_core.keyframes.options import Form, KeyframeOptions

__all__ = ["Form", "KeyframeExtractor", "KeyframeOptions", "Score", "evaluate", "extract_keyframes"]
