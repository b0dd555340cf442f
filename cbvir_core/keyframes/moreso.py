"""MoReSo's keyframe detection (section II.B, Algorithm 1): histograms, sub-matrix SVD, dynamic clustering.

How Algorithm 1 is read is said in `cbvir_core.keyframes.clustering`.
"""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.keyframes.clustering import DynamicClustering
from cbvir_core.keyframes.histogram import block_histogram, shrink
from cbvir_core.keyframes.layout import layout
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.keyframes.schedule import (
    MAX_WINDOW_SAMPLES,
    ReadySamples,
    Schedule,
    SlidingSchedule,
    SubMatrixSchedule,
)
from cbvir_core.keyframes.select import FrameSample, picture_quality
from cbvir_core.types import Frame, Keyframe


class MoresoDetector:
    """A keyframe detector of a schedule, which says when a sample is judged, and a clustering into scenes.

    A scene's keyframe becomes certain about two seconds of film after the scene's end, or every `max_gap_s`
    while the scene lasts.  At any time the online form holds at most `CANDIDATES_PER_CLUSTER` pictures for
    each of two clusters, `LOOKAHEAD_SAMPLES` more and 180 feature vectors, however long the video is; the
    batch form holds the pictures of a whole sub-matrix.
    """

    def __init__(self, options: KeyframeOptions, schedule: Schedule) -> None:
        self._bins = options.bins
        self._schedule = schedule
        self._last: FrameSample | None = None
        self._clustering = DynamicClustering(
            options.similarity, options.min_scene_s, options.max_gap_s, options.layout_similarity
        )

    def push(self, frame: Frame) -> list[Keyframe]:
        """Take a sample; return the keyframes of the scenes that are now known to be over."""
        self._last = self._described(frame)
        return self._judge(self._schedule.push(self._last))

    def flush(self) -> list[Keyframe]:
        """Return the keyframes of what is still open at the end of the video."""
        return self._judge(self._schedule.flush()) + self._clustering.finish()

    def _described(self, frame: Frame) -> FrameSample:
        if self._last is not None and self._last.frame.image is frame.image:  # the film stands still
            return replace(self._last, frame=frame)
        small = shrink(frame.image)
        return FrameSample(frame, block_histogram(small, self._bins), picture_quality(small), layout(small))

    def _judge(self, ready: ReadySamples) -> list[Keyframe]:
        return [keyframe for sample, basis in ready for keyframe in self._clustering.add(sample, basis)]


def online_detector(options: KeyframeOptions) -> MoresoDetector:
    """Return the online form: the basis is that of a sliding window."""
    samples = min(MAX_WINDOW_SAMPLES, max(1, round(options.window_s / options.sample_s)))
    return MoresoDetector(options, SlidingSchedule(samples, options.rank))


def batch_detector(options: KeyframeOptions) -> MoresoDetector:
    """Return the paper's form: samples are judged in the basis of their own sub-matrix."""
    return MoresoDetector(options, SubMatrixSchedule(options.window_s, options.rank))
