"""The one loop from a file to keyframes: the detector by name, borders, progress."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.borders import scale_box
from cbvir_core.decode import STILL_SIDE, read_frames
from cbvir_core.keyframes import (
    DETECTORS,
    KeyframeDetector,
    KeyframeExtractor,
    KeyframeOptions,
    KeyframeReader,
    extract_keyframes,
)
from cbvir_core.types import Frame, Keyframe
from support.films import LETTERBOX_BAR_PIXELS, Film, draw_film, letterboxed

SIZE = 256, 144


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return draw_film(path, seed=5, shots=4, size=SIZE, rate=12)


@pytest.fixture(scope="module")
def boxed(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return letterboxed(film, tmp_path_factory.mktemp("boxed") / "film.mp4")


class EveryFourthFrame:
    """A detector that needs no options: scenes of four samples, of which the first is the keyframe."""

    def __init__(self, options: KeyframeOptions) -> None:
        self._scene: list[Frame] = []

    def push(self, frame: Frame) -> list[Keyframe]:
        closed = self._close(frame.time_s) if len(self._scene) == 4 else []
        self._scene.append(frame)
        return closed

    def flush(self) -> list[Keyframe]:
        return self._close(self._scene[-1].time_s) if self._scene else []

    def _close(self, end_s: float) -> list[Keyframe]:
        first = self._scene[0]
        self._scene = []
        return [Keyframe(first.time_s, first.time_s, end_s, first.image)]


def test_another_detector_is_one_line_in_the_registry(
    film: Film, boxed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector: type[KeyframeDetector] = EveryFourthFrame
    monkeypatch.setitem(DETECTORS, "fourth", detector)
    options = KeyframeOptions(form="fourth")
    with read_frames(film.path, samples_per_s=1 / options.sample_s, max_side=STILL_SIDE) as reader:
        times = [frame.time_s for frame in reader]
    for path in (film.path, boxed):
        keyframes = list(extract_keyframes(path, options))
        assert [keyframe.time_s for keyframe in keyframes] == times[::4]
        assert keyframes[0].image.shape == (SIZE[1], SIZE[0], 3)
        seen = [keyframe.thumbnails for keyframe in keyframes]
        assert [time for one in seen if one for time in one.times_s] == times


def test_a_detector_that_is_not_registered_is_refused() -> None:
    with pytest.raises(ValueError, match="form is online or batch, not 'fourth'"):
        KeyframeExtractor(KeyframeOptions(form="fourth"))


@pytest.mark.parametrize("max_side", [None, STILL_SIDE, 128])
def test_borders_are_cut_at_every_size(boxed: Path, max_side: int | None) -> None:
    keyframes = list(extract_keyframes(boxed, max_side=max_side))
    scale = 1.0 if max_side is None else min(1.0, max_side / max(SIZE[0], SIZE[1] + 2 * LETTERBOX_BAR_PIXELS))
    for keyframe in keyframes:
        expected = np.array([SIZE[1], SIZE[0], 3 / scale]) * scale
        assert np.abs(keyframe.image.shape - expected).max() <= 1


def test_borders_are_known_before_the_first_keyframe(boxed: Path, film: Film) -> None:
    with KeyframeReader(boxed) as keyframes:
        box = keyframes.find_borders()
        assert box == (0, LETTERBOX_BAR_PIXELS, SIZE[0], LETTERBOX_BAR_PIXELS + SIZE[1])
        assert keyframes.position_s == 0.0
        assert keyframes.find_borders() is box
        assert next(keyframes).image.shape == (SIZE[1], SIZE[0], 3)
    with KeyframeReader(film.path) as keyframes:
        assert keyframes.find_borders() is None


def test_progress_is_told_for_every_frame_also_while_borders_are_looked_for(boxed: Path) -> None:
    told: list[tuple[float, int]] = []
    with KeyframeReader(
        boxed, progress=lambda position_s, damaged: told.append((position_s, damaged))
    ) as reader:
        reader.find_borders()
        assert len(told) >= 5
        assert set(told) == {(0.0, 0)}
        told.clear()
        samples = list(reader.samples())
    assert [position_s for position_s, _ in told] == sorted(position_s for position_s, _ in told)
    assert len(told) == len(samples)
    assert told[-1][0] == pytest.approx(samples[-1].time_s, abs=0.5)


def test_a_box_keeps_its_place_at_another_size() -> None:
    assert scale_box((10, 0, 90, 50), (100, 50), (100, 50)) == (10, 0, 90, 50)
    assert scale_box((10, 0, 90, 50), (100, 50), (300, 150)) == (30, 0, 270, 150)
    assert scale_box((10, 0, 90, 50), (100, 50), (20, 10)) == (2, 0, 18, 10)
    left, top, right, bottom = scale_box((99, 49, 100, 50), (100, 50), (4, 2))
    assert 0 <= left < right <= 4
    assert 0 <= top < bottom <= 2
