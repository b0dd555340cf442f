"""Clips cut from films in a library are found: which part of which film, and how it was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from cbvir_core.clips import ClipAnswer, ClipHit
from cbvir_core.errors import InputError, NotAVideo
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Image
from support.films import Film
from support.libraries import LibraryOpener
from support.pieces import PIECE_RATE, pictures_of, write_clip

PIECE = (3.0, 9.0)
"""Start and end of the piece of the first film that most clips show."""

Change = Callable[[list[Image]], list[Image]]


@pytest.fixture
def library(open_filled: LibraryOpener) -> Iterator[Library]:
    """A library of two drawn films, with frame rows of the built-in network."""
    with open_filled() as opened:
        yield opened


def unchanged(shown: list[Image]) -> list[Image]:
    return shown


def mirrored(shown: list[Image]) -> list[Image]:
    return [np.ascontiguousarray(one[:, ::-1]) for one in shown]


def backwards(shown: list[Image]) -> list[Image]:
    return shown[::-1]


def faster(shown: list[Image]) -> list[Image]:
    return [shown[int(number * 1.5)] for number in range(int(len(shown) / 1.5))]


def best(answer: ClipAnswer) -> ClipHit:
    assert answer.results
    return answer.results[0]


@pytest.mark.parametrize("change", [unchanged, mirrored, backwards, faster])
def test_a_piece_is_found_and_how_it_was_changed(
    library: Library, films: list[Film], tmp_path: Path, change: Change
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", change(pictures_of(films[0], PIECE)))
    hit = best(library.search_clip(clip))
    assert hit.path == films[0].path
    # Shots of drawn films hardly move, and where nothing moves no frame tells the time.
    assert hit.span == pytest.approx(PIECE, abs=1.2 if change is faster else 0.5)
    assert hit.is_mirrored == (change is mirrored)
    assert hit.is_reversed == (change is backwards)
    assert hit.speed == pytest.approx(
        1.5 if change is faster else 1.0, abs=0.35 if change is faster else 0.15
    )


def test_a_clip_of_two_films_has_a_segment_of_each(
    library: Library, films: list[Film], tmp_path: Path
) -> None:
    shown = pictures_of(films[1], (2.0, 6.0)) + pictures_of(films[0], (5.0, 9.0))
    found = library.search_clip(write_clip(tmp_path / "clip.mp4", shown)).results
    first = next(one for one in found if one.path == films[1].path)
    second = next(one for one in found if one.path == films[0].path)
    assert first.clip[1] == second.clip[0] == pytest.approx(4.0, abs=1 / PIECE_RATE)
    assert (first.clip[0], second.clip[1]) == pytest.approx((0.0, 8.0), abs=0.4)
    assert first.span == pytest.approx((2.0, 6.0), abs=0.5)
    assert second.span == pytest.approx((5.0, 9.0), abs=1.5)  # its shots hardly move


def test_a_search_is_limited_to_videos(library: Library, films: list[Film], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", pictures_of(films[0], PIECE))
    other = SearchOptions(within=(films[1].path,))
    assert all(one.path == films[1].path for one in library.search_clip(clip, other).results)
    itself = library.video_at(films[0].path)
    assert itself is not None
    without = SearchOptions(without=frozenset([itself.video_id]))
    assert all(one.path != films[0].path for one in library.search_clip(clip, without).results)


def test_a_clip_is_refused_where_frames_are_not_kept(open_library: LibraryOpener, films: list[Film]) -> None:
    with open_library(frames=False) as opened, pytest.raises(InputError, match="without frame rows"):
        opened.search_clip(films[0].path)


def test_what_is_no_video_is_refused(library: Library, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no video")
    with pytest.raises(NotAVideo):
        library.search_clip(text)


def test_an_empty_library_shows_nothing(open_library: LibraryOpener, films: list[Film]) -> None:
    with open_library(frames=True) as opened:
        answer = opened.search_clip(films[0].path)
    assert answer.results == ()
    assert answer.verdict == "none"


def colourful(sheet: Image) -> float:
    """The mean difference of the colours of a picture's points."""
    upper = sheet[: sheet.shape[0] // 2].astype(int)
    return float((upper.max(axis=2) - upper.min(axis=2)).mean())


def test_the_evidence_is_drawn_where_it_is_asked_for(
    library: Library, films: list[Film], tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", pictures_of(films[0], PIECE))
    assert best(library.search_clip(clip)).sheet is None
    online = best(library.search_clip(clip, sheets=True)).sheet
    assert online is not None
    moved = films[0].path.rename(films[0].path.with_suffix(".away"))
    try:
        offline = best(library.search_clip(clip, sheets=True)).sheet
    finally:
        moved.rename(films[0].path)
    assert offline is not None
    assert offline.shape[1] == online.shape[1]
    assert colourful(online) > 1.2 * colourful(offline)  # thumbnails are grey


def test_a_gif_is_a_clip(library: Library, films: list[Film], tmp_path: Path) -> None:
    frames = [PIL.Image.fromarray(one).quantize() for one in pictures_of(films[0], PIECE)]
    gif = tmp_path / "clip.gif"
    frames[0].save(gif, save_all=True, append_images=frames[1:], duration=1000 / PIECE_RATE)
    found = best(library.search_clip(gif))
    assert found.path == films[0].path
    assert found.span == pytest.approx(PIECE, abs=0.6)
