"""What a made library shares with itself: which part of which video was planted where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.types import Span
from support.made_rows import MadeVideo, RowMaker, joined

HOUR_S = 3600.0
VIDEO_S = (900.0, 2700.0)
"""Shortest and longest usual video."""

ROUND_HOURS = 50
"""Hours of film, about, after which copies are planted anew."""

PLANTED_S = 2.7 * HOUR_S
"""About the length of what is planted in one round."""

SERIES_EPISODES, TITLE_S = 5, 30.0
"""Videos of a series, and how long the title is that they share."""

COMPILATION_PARTS, PART_S = 5, (15.0, 45.0)
EXCERPTS_S = (20.0, 60.0, 240.0)
REUSES_S = (8.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Planted:
    """A part of the video with the number `copy` that is a part of the one with the number `source`."""

    kind: str
    copy: int
    copy_span: Span
    source: int
    source_span: Span


@dataclass(slots=True)
class MadeLibrary:
    """Makes the videos of a library, one after the other, and remembers what was planted."""

    maker: RowMaker
    rng: np.random.Generator
    planted: list[Planted] = field(default_factory=list)
    _count: int = 0

    def videos(self, hours: float) -> Iterator[MadeVideo]:
        """Yield videos of about so many hours together."""
        rounds = max(1, round(hours / ROUND_HOURS))
        for _ in range(rounds):
            for video in self._round(hours / rounds):
                self._count += 1
                yield video

    def _round(self, hours: float) -> Iterator[MadeVideo]:
        """Yield usual videos, a series, and copies of parts of some of the usual ones."""
        usual: dict[int, MadeVideo] = {}
        made_s, wanted_s = 0.0, max(0.5 * hours * HOUR_S, hours * HOUR_S - PLANTED_S)
        while made_s < wanted_s:
            video = self.maker.video(float(self.rng.uniform(*VIDEO_S)))
            made_s += video.duration_s
            if len(usual) < 2 * COMPILATION_PARTS:
                usual[self._count] = video
            yield video
        yield self._copy(usual)
        for length_s in EXCERPTS_S:
            yield self._excerpt(usual, length_s)
        yield self._compilation(usual)
        for length_s in REUSES_S:
            yield self._reuse(usual, length_s)
        yield from self._series()

    def _copy(self, usual: dict[int, MadeVideo]) -> MadeVideo:
        number = self._any(usual)
        video = usual[number]
        self._plant("copy", 0.0, number, (0.0, video.duration_s))
        return self.maker.copied(video, -1.0, video.duration_s)

    def _excerpt(self, usual: dict[int, MadeVideo], length_s: float) -> MadeVideo:
        number = self._any(usual)
        part, span = self._part(usual[number], length_s)
        self._plant("excerpt", 0.0, number, span)
        return part

    def _compilation(self, usual: dict[int, MadeVideo]) -> MadeVideo:
        parts: list[MadeVideo] = []
        start_s = 0.0
        for number in self.rng.choice(list(usual), min(COMPILATION_PARTS, len(usual)), replace=False):
            part, span = self._part(usual[int(number)], float(self.rng.uniform(*PART_S)))
            self._plant("compilation", start_s, int(number), span)
            parts.append(part)
            start_s += part.duration_s
        return joined(parts)

    def _reuse(self, usual: dict[int, MadeVideo], length_s: float) -> MadeVideo:
        before, after = self.maker.video(300.0), self.maker.video(400.0)
        number = self._any(usual)
        part, span = self._part(usual[number], length_s)
        self._plant("reuse", before.duration_s, number, span)
        return joined([before, part, after])

    def _series(self) -> Iterator[MadeVideo]:
        title, first = self.maker.video(TITLE_S), self._count
        for episode in range(SERIES_EPISODES):
            again = self.maker.copied(title, -1.0, title.duration_s)
            if episode:
                self._plant("title", 0.0, first, (0.0, title.duration_s))
            yield joined([again, self.maker.video(1200.0)])

    def _part(self, video: MadeVideo, length_s: float) -> tuple[MadeVideo, Span]:
        """Return a part of a video of about that length that begins and ends with a scene."""
        start_s = float(self.rng.uniform(0.0, video.duration_s - length_s - 20.0))
        first = int(np.searchsorted(video.ends_s, start_s))
        last = int(np.searchsorted(video.ends_s, video.ends_s[first] + length_s))
        span = float(video.ends_s[first]), float(video.ends_s[last])
        return self.maker.copied(video, *span), span

    def _any(self, usual: dict[int, MadeVideo]) -> int:
        return int(self.rng.choice(list(usual)))

    def _plant(self, kind: str, start_s: float, source: int, span: Span) -> None:
        copy_span = start_s, start_s + span[1] - span[0]
        self.planted.append(Planted(kind, self._count, copy_span, source, span))
