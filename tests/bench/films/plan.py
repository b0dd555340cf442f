"""Plans of films: which clips follow each other, and how the film is encoded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.films.parts import clip_duration_s

FILM_SIZE = (1280, 720)
FILM_RATE = 30
"""Frames a second of films: the rate of most clips, so that hardly a frame is doubled or dropped."""

MAX_STRETCH_S = 100.0
"""Seconds that are taken of a clip at most: one of them is as long as a film."""

BITRATE = "1200k"

FIXED_GOP = ("-g", "250", "-keyint_min", "250", "-sc_threshold", "0")
"""An I-frame every 250 frames and none at a cut, as streams and screen recordings have them."""

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", BITRATE)

ENCODINGS: dict[str, tuple[str, ...]] = {
    "gop-1": (*X264, *FIXED_GOP),
    "default": X264,
    "hevc": ("-c:v", "libx265", "-preset", "superfast", "-b:v", BITRATE, "-x265-params", "log-level=error"),
    "gop-2": (*X264, *FIXED_GOP),
}
"""Options of FFmpeg for each of the films in the library, by their names."""


@dataclass(frozen=True)
class Stretch:
    """The first `frames` frames of a clip, at `FILM_RATE`; `asked` where questions may be made of them."""

    clip: Path
    frames: int
    asked: bool


@dataclass(frozen=True)
class FilmPlan:
    """A film: its stretches one after the other, the options of FFmpeg that encode it, and its size."""

    name: str
    stretches: tuple[Stretch, ...]
    encoding: tuple[str, ...]
    size: tuple[int, int] = FILM_SIZE

    @property
    def duration_s(self) -> float:
        """The length of the film."""
        return sum(one.frames for one in self.stretches) / FILM_RATE

    @property
    def file_name(self) -> str:
        """The name of the film's file, another one for another content."""
        content = [(one.clip.name, one.clip.stat().st_size, one.frames) for one in self.stretches]
        text = json.dumps([content, self.encoding, self.size, FILM_RATE])
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.mp4"

    def spans(self) -> list[tuple[Stretch, float, float]]:
        """Return every stretch with its start and end in the film, in seconds."""
        ends = np.cumsum([one.frames for one in self.stretches]) / FILM_RATE
        starts = [0.0, *ends[:-1].tolist()]
        return list(zip(self.stretches, starts, ends.tolist(), strict=True))


def stretch_of(clip: Path, *, asked: bool, max_s: float = MAX_STRETCH_S) -> Stretch:
    """Return the beginning of a clip, or all of it."""
    return Stretch(clip, max(1, int(min(clip_duration_s(clip), max_s) * FILM_RATE)), asked)


def deal(stretches: Sequence[Stretch], seed: int) -> list[FilmPlan]:
    """Return films of different encodings, about equally long, each with at least one asked stretch.

    The asked ones are dealt first, and each goes to the film that is shortest so far.
    """
    count = min(len(ENCODINGS), sum(one.asked for one in stretches))
    films: dict[str, list[Stretch]] = {name: [] for name in list(ENCODINGS)[:count]}
    for asked in (True, False):
        own = [one for one in stretches if one.asked is asked]
        for one in sorted(own, key=lambda stretch: (-stretch.frames, stretch.clip.name)):
            min(films.values(), key=lambda film: sum(other.frames for other in film)).append(one)
    rng = np.random.default_rng([seed, 3])
    mixed = {name: [film[number] for number in rng.permutation(len(film))] for name, film in films.items()}
    return [FilmPlan(name, tuple(film), ENCODINGS[name]) for name, film in mixed.items()]
