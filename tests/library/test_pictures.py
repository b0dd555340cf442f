"""Frames and thumbnails of a library's videos, as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.errors import UnknownVideo, VideoOffline
from cbvir_core.library import Library
from support.films import Film
from support.libraries import with_networks

RATE = 12


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


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_the_frame_that_a_player_shows(known: tuple[Library, Path]) -> None:
    library, path = known
    with read_frames(path, samples_per_s=None, mode="every") as frames:
        whole = {frame.time_s: frame.image for frame in frames}
    times_s = sorted(whole)
    for number in (0, 1, 7, 30):
        for after_s in (0.0, 0.4 / RATE, 0.9 / RATE):
            shown = library.pictures.frame(str(path), times_s[number] + after_s, 320)
            assert shown.source == "frame"
            assert shown.time_s == pytest.approx(times_s[number], abs=1e-3)
            assert difference(shown.image, whole[times_s[number]]) < 3
    small = library.pictures.frame(str(path), 1.0, 100)
    assert small.image.shape[1] == 100
    assert library.pictures.frame(str(path), 1.0, 1920).image.shape[1] == 320
    assert library.pictures.file(str(path)) == path


def test_an_offline_film_shows_its_thumbnails(known: tuple[Library, Path]) -> None:
    library, path = known
    online = library.pictures.frame(str(path), 2.0, 128)
    strip = library.pictures.strip(str(path), [0.0, 1.0, 2.0, 3.0], 64)
    away = path.rename(path.with_suffix(".away"))
    offline = library.pictures.frame(str(path), 2.0, 128)
    assert offline.source == "thumbnail"
    assert offline.time_s == pytest.approx(2.0, abs=0.35)
    assert offline.image.shape == (72, 128, 3)
    assert difference(offline.image.mean(axis=2), online.image.mean(axis=2)) < 25
    assert strip.image.shape == (36, 256, 3)
    assert [round(time_s) for time_s in strip.times_s] == [0, 1, 2, 3]
    again = library.pictures.strip(str(path), [0.0, 1.0, 2.0, 3.0], 64)
    assert np.array_equal(again.image, strip.image)
    with pytest.raises(VideoOffline, match="offline"):
        library.pictures.file(str(path))
    away.rename(path)


def test_times_outside_and_files_that_changed(known: tuple[Library, Path], films: list[Film]) -> None:
    library, path = known
    after = library.pictures.frame(str(path), 9999.0, 320)
    assert after.source == "thumbnail"
    copyfile(films[1].path, path)  # another film under its name
    assert library.pictures.frame(str(path), 1.0, 320).source == "thumbnail"
    copyfile(films[0].path, path)
    with pytest.raises(UnknownVideo):
        library.pictures.frame("no such", 1.0, 320)
