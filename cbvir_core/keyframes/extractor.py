"""Frames in, keyframes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Self

from cbvir_core.decode import Mode, read_frames
from cbvir_core.keyframes.clustering import DynamicClustering
from cbvir_core.keyframes.histogram import block_histogram, shrink
from cbvir_core.keyframes.layout import layout
from cbvir_core.keyframes.options import Form, KeyframeOptions
from cbvir_core.keyframes.schedule import MAX_SAMPLES, Ready, Schedule, SlidingSchedule, SubMatrixSchedule
from cbvir_core.keyframes.select import Sample, measure
from cbvir_core.keyframes.thumbnails import ThumbnailTrack
from cbvir_core.types import Frame, Keyframe

_DEFAULT = KeyframeOptions()


class KeyframeExtractor:
    """MoReSo's keyframe extraction (section II.B, Algorithm 1) as the frames arrive.

    `push` takes frames in the order of time, at any distances (``options.sample_s`` is for whoever
    reads the frames), and gives the keyframes that became certain: a scene's keyframe comes about two
    seconds of film after the scene's end, or every `max_gap_s` while it lasts.  `flush` gives the
    rest; a video of one frame has one keyframe, one without frames none.  After `flush` the extractor
    is as new.

    Spans are in order, without gap or overlap, from the first frame to the last; a scene that comes
    back is a new span.  Pictures are the pushed ones, not copies: they must not be written to later.
    Held at any time are at most `KEPT` pictures for each of two clusters and `LOOKAHEAD` more, 180 feature
    vectors and the thumbnails of the scene that is on, however long the video is; the batch form holds a
    sub-matrix of pictures.

    How Algorithm 1 is read is said in `cbvir_core.keyframes.clustering`.
    """

    def __init__(
        self,
        *,
        sample_s: float = _DEFAULT.sample_s,
        bins: tuple[int, int, int] = _DEFAULT.bins,
        rank: int = _DEFAULT.rank,
        window_s: float = _DEFAULT.window_s,
        similarity: float = _DEFAULT.similarity,
        min_scene_s: float = _DEFAULT.min_scene_s,
        max_gap_s: float = _DEFAULT.max_gap_s,
        form: Form = _DEFAULT.form,
        layout_similarity: float = _DEFAULT.layout_similarity,
    ) -> None:
        self._options = KeyframeOptions(
            sample_s, bins, rank, window_s, similarity, min_scene_s, max_gap_s, form, layout_similarity
        )
        self._last: Fraction | None = None
        self._schedule: Schedule
        self._reset()

    @classmethod
    def from_options(cls, options: KeyframeOptions) -> Self:
        """An extractor with these options, which are also the constructor's keywords."""
        return cls(**asdict(options))

    def push(self, frame: Frame) -> list[Keyframe]:
        """Takes a frame; gives the keyframes of scenes that are over.

        Raises ValueError if the frame is older than the one before.
        """
        if self._last is not None and frame.time < self._last:
            raise ValueError(f"frame at {frame.time_s:.3f} s came after one at {float(self._last):.3f} s")
        self._last = frame.time
        small = shrink(frame.image)
        sample = Sample(frame, block_histogram(small, self._options.bins), measure(small), layout(small))
        self._track.push(frame)
        return self._track.cut(self._judge(self._schedule.push(sample)))

    def flush(self) -> list[Keyframe]:
        """The keyframes of what is still open, at the end of the video."""
        keyframes = self._judge(self._schedule.flush()) + self._clustering.finish()
        keyframes = self._track.cut(keyframes, last=True)
        self._reset()
        return keyframes

    def _judge(self, ready: Ready) -> list[Keyframe]:
        return [keyframe for sample, basis in ready for keyframe in self._clustering.add(sample, basis)]

    def _reset(self) -> None:
        options = self._options
        self._last = None
        self._track = ThumbnailTrack()
        self._schedule = _schedule(options)
        self._clustering = DynamicClustering(
            options.similarity, options.min_scene_s, options.max_gap_s, options.layout_similarity
        )


def _schedule(options: KeyframeOptions) -> Schedule:
    if options.form == "batch":
        return SubMatrixSchedule(options.window_s, options.rank)
    samples = min(MAX_SAMPLES, max(1, round(options.window_s / options.sample_s)))
    return SlidingSchedule(samples, options.rank)


def extract_keyframes(
    path: str | Path,
    options: KeyframeOptions = _DEFAULT,
    *,
    mode: Mode = "auto",
    max_side: int | None = None,
) -> Iterator[Keyframe]:
    """The keyframes of a video in the order of time, each as soon as it is certain.

    `mode` and `max_side` are those of `cbvir_core.decode.read_frames`, and so are the errors.
    """
    extractor = KeyframeExtractor.from_options(options)
    with read_frames(path, samples_per_s=1 / options.sample_s, mode=mode, max_side=max_side) as frames:
        for frame in frames:
            yield from extractor.push(frame)
    yield from extractor.flush()
