"""Frames of videos as further training pictures."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cbvir_core.decode import read_frames
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.keyframes import KeyframeExtractor
from cbvir_core.train.origins import frame_name, source_of
from cbvir_core.types import Frame, Image

CLIP_SAMPLES_PER_S = 3.0
"""Rate of the samples that scenes are found by: the one that the keyframe extractor is made for."""

TRAINED_SAMPLE_STEP = 6
"""Every sixth sample is trained on: one frame in two seconds."""

MAX_FRAMES_PER_CLIP = 60
HELD_OUT_ONE_IN = 3


def held_out(name: str) -> bool:
    """Return whether a clip is left out of training, for benchmarks: a fixed third, chosen by source."""
    return int(hashlib.sha256(source_of(name).encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0


def video_frames(folders: Iterable[Path], max_side: int) -> Iterator[tuple[str, Image]]:
    """Yield names and frames of all clips that are not held out; skip files that are not videos.

    The names tell the scene of a frame (`cbvir_core.train.origins.frame_name`).
    """
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not held_out(path.name):
                yield from _frames(path, max_side)


def _frames(path: Path, max_side: int) -> Iterator[tuple[str, Image]]:
    scenes, keyframes, kept = KeyframeExtractor(), [], list[Frame]()
    with (
        suppress(InputError, DecodeError),
        read_frames(path, samples_per_s=CLIP_SAMPLES_PER_S, max_side=max_side) as reader,
    ):
        for number, frame in enumerate(reader):
            if number == TRAINED_SAMPLE_STEP * MAX_FRAMES_PER_CLIP:
                break
            keyframes += scenes.push(frame)
            if number % TRAINED_SAMPLE_STEP == 0:
                kept.append(frame)
    keyframes += scenes.flush()
    starts = [keyframe.scene_start_s for keyframe in keyframes]
    for frame in kept:
        scene = bisect_right(starts, frame.time_s) - 1
        yield frame_name(path.name, max(0, scene), frame.time_s), frame.image
