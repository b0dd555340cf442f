"""Questions that failed once: shots of a few tenths of a second, and a question of many pixels."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.retrieval.photographs import distractors
from cbvir_core.decode import read_frames, read_picture
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Answer, Image, Verdict
from support.conversions import bring_builtin
from support.films import write_video

SIZE, RATE = (640, 360), 30
CLIP = "moviepy--chaplin.mp4"
SHOTS_S = (Fraction(6, 10), Fraction(4, 10))
"""Lengths of shots that are sampled once or twice each, three samples a second."""


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[Image]:
    found = [read_picture(data) for _, data in distractors(shared / "distractors", 8)]
    return [np.asarray(cv2.resize(one, SIZE), np.uint8) for one in found]


@pytest.fixture(scope="module")
def films(pictures: list[Image], tmp_path_factory: pytest.TempPathFactory) -> dict[Fraction, Path]:
    """Every picture for the same time, encoded without an I-frame at a cut."""
    folder = tmp_path_factory.mktemp("films")
    made = {shot_s: folder / f"{float(shot_s)}.mp4" for shot_s in SHOTS_S}
    for shot_s, path in made.items():
        shown = (picture for picture in pictures for _ in range(int(shot_s * RATE)))
        write_video(path, shown, SIZE, RATE, gop=250)
    return made


@pytest.fixture(scope="module")
def library(
    films: dict[Fraction, Path],
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Library]:
    data = tmp_path_factory.mktemp("library")
    bring_builtin(data / "cache")
    with Library.open(data, profile="builtin") as opened:
        for path in films.values():
            opened.add(path)
        opened.add(shared / "videos" / CLIP)
        yield opened


@pytest.mark.parametrize("shot_s", SHOTS_S, ids=lambda shot_s: f"{float(shot_s)} s")
def test_every_shot_that_was_looked_at_is_a_match(
    library: Library, films: dict[Fraction, Path], pictures: list[Image], shot_s: Fraction
) -> None:
    """A scene of many shots has one keyframe: the score of that says nothing of the others."""
    options = SearchOptions(within=(films[shot_s],))
    for number, picture in enumerate(pictures):
        answer = library.search(picture, options)
        assert answer.verdict is Verdict.MATCH, number
        assert number * shot_s - 0.05 <= answer.results[0].time_s < (number + 1) * shot_s


@pytest.fixture(scope="module")
def frame(shared: Path) -> Image:
    """A frame of the clip."""
    with read_frames(shared / "videos" / CLIP, samples_per_s=3, mode="every") as reader:
        return next(one.image for one in reader if one.time_s >= 4)


@pytest.fixture(scope="module")
def usual(library: Library, frame: Image) -> Answer:
    """The answer to that frame in its own size."""
    return library.search(frame)


@pytest.mark.parametrize("side", [2560, 4624, 8660])
def test_the_number_of_pixels_changes_nothing(
    library: Library, frame: Image, usual: Answer, side: int
) -> None:
    size = (side, round(side * frame.shape[0] / frame.shape[1]))
    enlarged = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
    answer = library.search(np.asarray(enlarged, np.uint8))
    assert (usual.verdict, answer.verdict) == (Verdict.MATCH, Verdict.MATCH)
    assert answer.results[0].path == usual.results[0].path
    assert answer.results[0].time_s == pytest.approx(usual.results[0].time_s, abs=0.05)
