"""Frames of videos as further pictures to train on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cbvir_core.decode import read_frames
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.types import Image

FRAMES_PER_S = 0.5
MOST_PER_CLIP = 60
HELD_OUT_OF = 3


def held_out(name: str) -> bool:
    """Whether the clip of this file name stays out of training, for benchmarks: a fixed third.

    Clips that are named ``SOURCE--anything`` go by their source, because clips of one source are
    often encodings or neighbours of one another; others go by their stem, so that a file keeps its
    side when it is converted to another container.
    """
    source, marked, _ = name.partition("--")
    key = source if marked else Path(name).stem
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % HELD_OUT_OF == 0


def video_frames(folders: Iterable[Path], max_side: int) -> Iterator[tuple[str, Image]]:
    """Names and frames of all clips that are not held out; what is no video is passed over."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not held_out(path.name):
                yield from _frames(path, max_side)


def _frames(path: Path, max_side: int) -> Iterator[tuple[str, Image]]:
    try:
        with read_frames(path, samples_per_s=FRAMES_PER_S, max_side=max_side) as reader:
            for number, frame in enumerate(reader):
                if number == MOST_PER_CLIP:
                    return
                yield f"{path.name}@{frame.time_s:.3f}", frame.image
    except (InputError, DecodeError):
        return
