"""A clip that is asked for: its frames, evenly spread, as the views by which frames of films are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from cbvir_core.align import FrameTimes
from cbvir_core.decode import fit_within
from cbvir_core.embed import ViewEncoder, ViewRows
from cbvir_core.errors import InputError
from cbvir_core.keyframes import FRAME_SIDE, ClipDecoding
from cbvir_core.search.parallel import submit
from cbvir_core.types import Frame, Image, Span

MAX_PICTURES = 64
"""Frames of which the picture is kept, evenly spread, to be compared point by point: 28 MB at most."""

BATCH_FRAMES = 16
"""Frames that are described at once, while the next ones are decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip as it is searched for.

    - `times_s`: of its N frames, `sample_s` apart; `span`: its start and end, seconds.
    - `views`: N x V x D, unit rows; `mirrored` the same of the frames with left and right exchanged.
    - `pictures`: some of the frames by their times, RGB, of the size of a still.
    """

    times_s: FrameTimes
    sample_s: float
    span: Span
    views: ViewRows = field(repr=False)
    mirrored: ViewRows = field(repr=False)
    pictures: Mapping[float, Image] = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)

    def side(self, is_mirrored: bool) -> ViewRows:
        """Return the views of the frames, or of the mirrored ones."""
        return self.mirrored if is_mirrored else self.views

    def nearest_picture(self, time_s: float) -> tuple[float, Image]:
        """Return the picture that is nearest to a time, and its own time."""
        at_s = min(self.pictures, key=lambda known_s: abs(known_s - time_s))
        return at_s, self.pictures[at_s]


def read_clip(path: Path, encoder: ViewEncoder, decoding: ClipDecoding = ClipDecoding()) -> Clip:
    """Describe a video file, without its borders, read as ingest reads it.

    Raises NotAVideo, DamagedVideo, FileUnreadable, DecodeMemory; InputError for one without a frame.
    """
    times_s: list[float] = []
    pictures = _Pictures()
    with decoding.open(path) as opened, _Descriptions(encoder) as descriptions:
        while batch := list(islice(opened.frames, BATCH_FRAMES)):
            for frame in batch:
                times_s.append(frame.time_s)
                pictures.push(frame)
            descriptions.push(batch)
    if not times_s:
        raise InputError(f"{path} shows no frame.")
    views = np.concatenate(descriptions.parts)
    end_s = max(times_s[-1], opened.info.duration_s or times_s[-1] + opened.sample_s)
    return Clip(np.array(times_s), opened.sample_s, (0.0, end_s), views[:, 0], views[:, 1], pictures.kept)


class _Descriptions:
    """Describes one batch while the caller decodes the next; `parts` are complete at the end."""

    def __init__(self, encoder: ViewEncoder) -> None:
        self.parts: list[ViewRows] = []
        self._encoder = encoder
        self._begun: Future[ViewRows] | None = None

    def __enter__(self) -> _Descriptions:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def push(self, frames: Sequence[Frame]) -> None:
        """Begin to describe frames, once those before are described."""
        self._finish()
        self._begun = submit(partial(_described, frames, self._encoder))

    def _finish(self) -> None:
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self.parts.append(begun.result())


class _Pictures:
    """Keeps every n-th picture; n doubles whenever there are more than `MAX_PICTURES`."""

    def __init__(self) -> None:
        self.kept: dict[float, Image] = {}
        self._pushed, self._stride = 0, 1

    def push(self, frame: Frame) -> None:
        """Add a frame."""
        if self._pushed % self._stride == 0:
            self.kept[frame.time_s] = frame.image
        self._pushed += 1
        if len(self.kept) > MAX_PICTURES:
            self.kept = dict(list(self.kept.items())[::2])
            self._stride *= 2


def _described(frames: Sequence[Frame], encoder: ViewEncoder) -> ViewRows:
    """Return the views of frames and of the mirrored ones: N x 2 x V x D."""
    pictures: list[Image] = []
    for frame in frames:
        small = fit_within(frame.image, FRAME_SIDE)
        pictures += [small, np.ascontiguousarray(small[:, ::-1])]
    views = encoder.encode(pictures)
    return views.reshape(len(frames), 2, *views.shape[1:])
