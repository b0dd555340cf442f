"""Where a picture and a frame agree, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import cv2
import numpy as np
import pytest

from cbvir_core.errors import InputError
from cbvir_core.library import Library
from cbvir_core.types import Image, KeyframeId
from support.films import Film
from support.libraries import with_networks

LEFT, TOP, RIGHT, BOTTOM = 60, 40, 260, 140
"""The part of the frame that is asked with."""


@pytest.fixture(scope="module")
def known(
    weights: Path, converted: Path, films: list[Film], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Library, Path]]:
    """A library with one film; a test that takes its file away brings it back."""
    folder = tmp_path_factory.mktemp("known")
    path = folder / "film.mp4"
    copyfile(films[0].path, path)
    with Library.open(with_networks(folder, converted), profile="first", models_dir=weights) as library:
        library.add(path)
        yield library, path


def scene_of(library: Library, path: Path) -> tuple[KeyframeId, float]:
    """The keyframe with the most texture, and its time."""
    rows = library.keyframes(library.find(str(path)).video_id)
    best = max(rows, key=lambda row: len(library.still(row.keyframe_id)))
    return best.keyframe_id, best.time_s


def part_of(frame: Image) -> Image:
    """A part of the frame, twice as large."""
    part = frame[TOP:BOTTOM, LEFT:RIGHT]
    return np.asarray(cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def test_a_part_lies_where_it_was_cut_from(known: tuple[Library, Path]) -> None:
    library, path = known
    keyframe_id, time_s = scene_of(library, path)
    frame = library.pictures.frame(str(path), time_s, 320).image
    found = library.agreement(part_of(frame), keyframe_id, time_s=time_s)
    assert (found.query_size, found.frame_size) == ((400, 200), (320, 180))
    assert not found.is_still
    assert found.time_s == time_s
    wanted = [(LEFT, TOP), (RIGHT, TOP), (RIGHT, BOTTOM), (LEFT, BOTTOM)]
    assert found.corners is not None
    assert np.abs(found.corners - wanted).max() < 3
    assert len(found.lines) >= 5
    assert np.abs(found.lines[:, :2] / 2 + (LEFT, TOP) - found.lines[:, 2:]).max() < 4


def test_a_region_of_a_larger_picture(known: tuple[Library, Path]) -> None:
    library, path = known
    keyframe_id, time_s = scene_of(library, path)
    frame = library.pictures.frame(str(path), time_s, 320).image
    page = np.full((500, 700, 3), 255, np.uint8)
    page[100:300, 200:600] = part_of(frame)
    found = library.agreement(page, keyframe_id, time_s=time_s, region=(200, 100, 400, 200))
    assert found.query_size == (700, 500)
    assert found.corners is not None
    assert np.abs(found.corners[0] - (LEFT, TOP)).max() < 3
    assert np.abs((found.lines[:, :2] - (200, 100)) / 2 + (LEFT, TOP) - found.lines[:, 2:]).max() < 4
    with pytest.raises(InputError):
        library.agreement(page, keyframe_id, region=(900, 0, 10, 10))


def test_a_mirrored_picture_is_turned_over(known: tuple[Library, Path]) -> None:
    library, path = known
    keyframe_id, time_s = scene_of(library, path)
    frame = library.pictures.frame(str(path), time_s, 320).image
    found = library.agreement(np.ascontiguousarray(frame[:, ::-1]), keyframe_id, time_s=time_s)
    assert found.corners is not None
    assert found.corners[0][0] > found.corners[1][0]


def test_nothing_agrees_and_an_offline_file_are_reasons(known: tuple[Library, Path]) -> None:
    library, path = known
    keyframe_id, time_s = scene_of(library, path)
    noise = np.random.default_rng(0).integers(0, 255, (180, 320, 3), np.uint8)
    nothing = library.agreement(noise, keyframe_id, time_s=time_s)
    assert (nothing.corners, len(nothing.lines)) == (None, 0)
    assert "No points" in nothing.reasons[0]
    frame = library.pictures.frame(str(path), time_s, 320).image
    away = path.rename(path.with_suffix(".away"))
    offline = library.agreement(frame, keyframe_id, time_s=time_s)
    assert offline.is_still
    assert "offline" in offline.reasons[-1]
    assert offline.corners is not None
    away.rename(path)
    still = library.agreement(frame, keyframe_id)
    assert still.is_still
    assert not any("offline" in reason for reason in still.reasons)
