"""The questions: frames by chance of films in the library, of films that it lacks, and photographs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from bench.films.edits import EDIT_KINDS, edited, frames_in
from bench.films.film_frames import frames_at
from bench.films.parts import series
from bench.films.plan import FilmPlan
from bench.retrieval.perturbations import UNEDITED
from bench.retrieval.photographs import Photograph
from cbvir_core.decode import is_blank, read_picture
from cbvir_core.types import Image

FilmRole = Literal["asked", "absent clip", "absent clip of a series", "photograph"]

QUESTION_JPEG_QUALITY = 92
"""Of the frames that people save from a player."""

SPARE_SHARE = 1.3
"""Frames that are drawn for each that is needed, because blank ones are left out."""

UNEDITED_ABSENT_SHARE = 0.5
"""Share of the questions without an answer that are not edited."""


@dataclass(frozen=True)
class FilmMoment:
    """A frame of a film at its own presentation time, and the clip that the film shows there."""

    film: Path
    time_s: float
    clip: str


@dataclass(frozen=True)
class DrawnFrame:
    """A frame by chance, as a JPEG at the film's size."""

    moment: FilmMoment
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True)
class FilmQuestion:
    """A picture made of one or more frames, and the moments that are right answers; none where it is nowhere.

    `clips` are the names of the clips, or of the photograph, that it shows.
    """

    role: FilmRole
    kind: str
    key: str
    pictures: tuple[bytes, ...] = field(repr=False)
    moments: tuple[FilmMoment, ...] = ()
    clips: tuple[str, ...] = ()

    def image(self, seed: int) -> Image:
        """Return the picture to ask with, the same for the same seed."""
        return edited([read_picture(data) for data in self.pictures], self.kind, self.key, seed)


def drawn_times(plan: FilmPlan, count: int, rng: np.random.Generator) -> list[tuple[float, str]]:
    """Return times by chance in the asked stretches of a film, and the clip that is shown at each."""
    spans = [(start, end, one.clip.name) for one, start, end in plan.spans() if one.asked]
    lengths = np.array([end - start for start, end, _ in spans])
    numbers = rng.choice(len(spans), count, p=lengths / lengths.sum())
    return [(float(rng.uniform(*spans[number][:2])), spans[number][2]) for number in numbers]


def draw_frames(films: Mapping[Path, FilmPlan], count: int, seed: int, purpose: int) -> list[DrawnFrame]:
    """Return `count` frames by chance, by time, of all films together, in an order by chance; no blank ones.

    Frames for another `purpose` are others.
    """
    rng = np.random.default_rng([seed, 5, purpose])
    lengths = np.array(
        [sum(end - start for one, start, end in plan.spans() if one.asked) for plan in films.values()]
    )
    shares = rng.multinomial(round(SPARE_SHARE * count) + len(films), lengths / lengths.sum())
    found: list[DrawnFrame] = []
    for (path, plan), number in zip(films.items(), shares.tolist(), strict=True):
        times = sorted(drawn_times(plan, number, rng))
        for (_, clip), (time_s, image) in zip(times, frames_at(path, [at for at, _ in times]), strict=True):
            if not is_blank(image):
                found.append(DrawnFrame(FilmMoment(path, time_s, clip), _as_jpeg(image)))
    return [found[number] for number in rng.permutation(len(found))[:count]]


def frames_needed(kinds: Sequence[str], unedited: int, each: int) -> int:
    """Return how many frames the questions with these kinds show together."""
    return sum(frames_in(kind) * (unedited if kind == UNEDITED else each) for kind in kinds)


def asked_questions(
    frames: Sequence[DrawnFrame], kinds: Sequence[str], unedited: int, each: int
) -> list[FilmQuestion]:
    """Return the questions that have an answer; every frame is in one of them."""
    left = list(frames)
    return [
        _of_frames("asked", kind, taken(left, frames_in(kind)))
        for kind in kinds
        for _ in range(unedited if kind == UNEDITED else each)
    ]


def absent_questions(
    frames: Sequence[DrawnFrame], kinds: Sequence[str], count: int, present: Sequence[str]
) -> list[FilmQuestion]:
    """Return questions of frames that the library lacks, half of them unedited; `present` are its clips."""
    there, left = {series(name) for name in present}, list(frames)
    made = []
    for kind in absent_kinds(kinds, count):
        shown = taken(left, frames_in(kind))
        near = any(series(one.moment.clip) in there for one in shown)
        made.append(_of_frames("absent clip of a series" if near else "absent clip", kind, shown))
    return made


def taken(left: list[DrawnFrame], count: int) -> list[DrawnFrame]:
    """Take the first frames away, but of as many different clips as there are: a collage shows two places."""
    shown: list[DrawnFrame] = []
    while len(shown) < count:
        used = [one.moment.clip for one in shown]
        shown.append(min(left, key=lambda one: used.count(one.moment.clip)))
        left.remove(shown[-1])
    return shown


def photograph_questions(photographs: Sequence[Photograph], kinds: Sequence[str]) -> list[FilmQuestion]:
    """Return questions of photographs that the library lacks, half of them unedited."""
    single = [kind for kind in kinds if frames_in(kind) == 1]
    return [
        FilmQuestion("photograph", kind, name, (data,), clips=(name,))
        for (name, data), kind in zip(photographs, absent_kinds(single, len(photographs)), strict=True)
    ]


def absent_kinds(kinds: Sequence[str], count: int) -> list[str]:
    """Return the kinds of `count` questions without an answer: half unedited, the other kinds in turn."""
    others = [kind for kind in kinds if kind != UNEDITED]
    plain = count if not others else round(UNEDITED_ABSENT_SHARE * count) if UNEDITED in kinds else 0
    return [UNEDITED] * plain + [others[number % len(others)] for number in range(count - plain)]


def known_kinds(wanted: Sequence[str]) -> list[str]:
    """Return the wanted kinds, or all of them, in the order of the tables."""
    return [kind for kind in EDIT_KINDS if not wanted or kind in wanted]


def thinned(questions: Sequence[FilmQuestion], every: int) -> Iterator[FilmQuestion]:
    """Yield every n-th question of each role and kind."""
    turns: dict[tuple[str, str], int] = {}
    for question in questions:
        turn = turns[question.role, question.kind] = turns.get((question.role, question.kind), -1) + 1
        if turn % every == 0:
            yield question


def _of_frames(role: FilmRole, kind: str, frames: Sequence[DrawnFrame]) -> FilmQuestion:
    moments = tuple(frame.moment for frame in frames)
    return FilmQuestion(
        role,
        kind,
        " + ".join(f"{one.clip}@{one.time_s:.3f}" for one in moments),
        tuple(frame.jpeg for frame in frames),
        moments if role == "asked" else (),
        tuple(one.clip for one in moments),
    )


def _as_jpeg(image: Image) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUESTION_JPEG_QUALITY])
    return bytes(data)
