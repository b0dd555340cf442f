"""A video file as clips: the features of sixteen frames for each chunk of about ten seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from cbvir_core.decode import fit_within, probe
from cbvir_core.errors import InputError
from cbvir_core.keyframes import FRAME_SIDE, KeyframeOptions, KeyframeReader
from cbvir_core.sequences.sampling import CHUNK_S, CLIP_STEPS, chunk_spans, step_positions
from cbvir_core.types import Floats, Frame, Image, Span

MIN_SAMPLE_S = 1 / 30
"""Seconds between two frames that are looked at, at least: a shorter clip repeats frames."""


class FrameFeatures(Protocol):
    """Whatever turns pictures into features that need not be of unit length."""

    @property
    def dim(self) -> int:
        """Width of the features."""

    def encode(self, images: Sequence[Image]) -> Floats:
        """Return the features of each picture, N x D, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipFeatures:
    """One clip: its span in the video in seconds, and the features of its frames, T x D."""

    span: Span
    features: Floats = field(repr=False)


def read_clip_features(
    path: Path, encoder: FrameFeatures, *, chunk_s: float = CHUNK_S, steps: int = CLIP_STEPS
) -> Iterator[ClipFeatures]:
    """Yield the clips of a video in the order of time, without its borders, read as ingest reads it.

    The video is cut into chunks of equal length (`chunk_spans`); each chunk gives one clip of `steps` frames,
    evenly spread.  A chunk in which no frame can be read gives none.  Where a file does not say how long it
    is, chunks last `chunk_s`, and at most `CHUNK_S`.

    Raises NotAVideo, DamagedVideo, FileUnreadable, DecodeMemory; InputError for one without a frame.
    """
    duration_s = probe(path).duration_s
    spans = chunk_spans(duration_s, chunk_s) if duration_s else []
    length_s = (spans[0][1] - spans[0][0]) if spans else min(chunk_s, CHUNK_S)
    found = False
    with KeyframeReader(path, KeyframeOptions(sample_s=max(MIN_SAMPLE_S, length_s / steps))) as reader:
        for frames in _chunks(reader.samples(), length_s, len(spans)):
            found = True
            first = int(frames[0].time_s / length_s)
            span = spans[min(first, len(spans) - 1)] if spans else (first * length_s, (first + 1) * length_s)
            yield ClipFeatures(span, _encoded(frames, steps, encoder))
    if not found:
        raise InputError("shows no frame", path=path)


def _chunks(frames: Iterator[Frame], length_s: float, count: int) -> Iterator[list[Frame]]:
    """Yield the frames of each chunk; the last of `count` also takes what comes late (0: no last one)."""
    chunk: list[Frame] = []
    current = -1
    for frame in frames:
        number = int(frame.time_s / length_s)
        number = min(number, count - 1) if count else number
        if chunk and number != current:
            yield chunk
            chunk = []
        current = number
        chunk.append(frame)
    if chunk:
        yield chunk


def _encoded(frames: Sequence[Frame], steps: int, encoder: FrameFeatures) -> Floats:
    """Return the features of `steps` of the frames; one that repeats is described once."""
    chosen, places = np.unique(step_positions(len(frames), steps), return_inverse=True)
    rows = encoder.encode([fit_within(frames[place].image, FRAME_SIDE) for place in chosen])
    return rows[places]
