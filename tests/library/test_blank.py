"""Blank keyframes: kept for their spans, and never an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.measure.blank import noisy
from cbvir_core.decode import probe, read_frames
from cbvir_core.search import SearchOptions
from cbvir_core.types import Image, Keyframe, Verdict, VideoId
from support.films import Film, write_video
from support.libraries import LibraryOpener

BLANK_FILM_S = 40
"""Length of a film without content: it has three keyframes, one for each 15 s."""


@pytest.fixture
def blank_film(tmp_path: Path) -> Path:
    """Write a film that is black but for noise."""
    rng, path = np.random.default_rng(0), tmp_path / "blank.mp4"
    black = np.zeros((180, 320, 3), np.uint8)
    write_video(path, (noisy(black, 6, rng) for _ in range(4 * BLANK_FILM_S)), (320, 180), rate=4)
    return path


def dark_frame(film: Film) -> Image:
    """Return a frame of the first shot with a tenth of its light."""
    with read_frames(film.path) as frames:
        image = next(frame.image for frame in frames if frame.time_s >= film.shots[0].end_s / 2)
    return np.asarray(cv2.convertScaleAbs(image, alpha=0.1), np.uint8)


def test_a_film_of_nothing_is_known_and_never_found(
    films: list[Film], open_library: LibraryOpener, blank_film: Path
) -> None:
    with open_library() as library:
        shown, empty = library.add(films[0].path), library.add(blank_film)
        spans = library.keyframes(empty.video_id)
        assert [row.quality for row in spans] == [0.0] * 3
        assert spans[-1].scene_end_s == pytest.approx(BLANK_FILM_S, abs=0.5)
        answer = library.search(dark_frame(films[0]))
        alone = library.search(dark_frame(films[0]), SearchOptions(within=(blank_film,)))
        asked = library.search(np.random.default_rng(1).integers(0, 12, (180, 320, 3)).astype(np.uint8))
    assert answer.keyframes_searched == shown.keyframes
    assert {hit.path for hit in answer.results} == {films[0].path}
    assert (alone.results, alone.keyframes_searched) == ((), 0)
    assert (asked.verdict, asked.results) == (Verdict.NONE, ())
    assert "one colour" in asked.notes[0]


def test_more_of_them_than_a_shortlist_holds_hide_nothing(
    films: list[Film], open_library: LibraryOpener
) -> None:
    picture = dark_frame(films[0])
    with open_library() as library:
        library.add(films[0].path)
        before = library.search(picture)
        black = replace(probe(films[1].path), video_id=VideoId("b1ac"))
        assert library.begin(black)
        # The question itself, so that no keyframe is nearer.
        crowd = [Keyframe(n + 0.5, n, n + 1.0, picture, quality=0.0) for n in range(250)]
        library.append(black.video_id, crowd)
        library.finish(black.video_id, damaged=0, duration_s=250.0)
        after = library.search(picture)
    assert before.shortlisted == after.shortlisted > 0
    assert [hit.keyframe_id for hit in before.results] == [hit.keyframe_id for hit in after.results] != []
