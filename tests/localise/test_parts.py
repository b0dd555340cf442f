"""Parts of localisation: tone does not change the fit, captions are left out, motion is followed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.geometry import frame_in_query, mirror, outer_corners, project, rescale, shift
from cbvir_core.localise.camera import align, camera_motion
from cbvir_core.localise.compare import KnownPlacement, placements_along
from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.pattern import NO_FIT, Pattern, kept_blocks, placed_pattern, whole_pattern
from cbvir_core.types import Grey

SIZE = (128, 72)


def scene(seed: int = 0, x: int = 0, y: int = 0) -> Grey:
    """A textured picture, seen from a window that is moved by x and y."""

    small = np.random.default_rng(seed).integers(0, 255, (20, 32), np.uint8)
    large = cv2.resize(small, (256, 160), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[40 + y : 40 + y + SIZE[1], 60 + x : 60 + x + SIZE[0]])


def whole(grey: Grey) -> Pattern:
    pattern = whole_pattern(grey, SIZE)
    assert pattern is not None
    return pattern


def pooled(pattern: Pattern, frame: Grey) -> float:
    fit = pattern.fit(frame, pattern.placement)
    return fit.pooled() if fit else NO_FIT


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.floats(0.4, 1.0), st.floats(0.0, 90.0))
def test_tone_leaves_the_fit_alone(seed: int, contrast: float, brightness: float) -> None:
    frame = scene(seed)
    toned = np.clip(frame * contrast + brightness, 0, 255).astype(np.uint8)
    clipped = np.mean(frame * contrast + brightness > 255)
    assert pooled(whole(toned), frame) > (0.97 if clipped < 0.01 else 0.5)
    assert pooled(whole(toned), frame) <= 1 + 1e-4


@given(st.integers(0, 30), st.integers(31, 60))
def test_another_picture_does_not_fit(one: int, other: int) -> None:
    assert pooled(whole(scene(one)), scene(other)) < 0.6


def test_blank_pictures_say_nothing() -> None:
    flat = np.full(SIZE[::-1], 100, np.uint8)
    assert pooled(whole(flat), flat) == NO_FIT
    assert pooled(whole(flat), scene()) == NO_FIT
    assert pooled(whole(scene()), flat) == NO_FIT


@given(st.integers(1, 40), st.booleans())
def test_many_frames_fit_as_each_alone(count: int, placed: bool) -> None:
    frames = [scene(number % 5, number % 7) for number in range(count)]
    pattern = whole(frames[0])
    if placed:
        part = placed_pattern(np.ascontiguousarray(frames[0][16:56, 24:96]), shift(24, 16), SIZE)
        assert part is not None
        pattern = part
    fits = pattern.fit_all(frames, pattern.placement)
    assert len(fits) == count
    for frame, fit in zip(frames, fits, strict=True):
        alone = pattern.fit(frame, pattern.placement)
        assert alone is not None
        assert fit.values == pytest.approx(alone.values, abs=1e-4)
        assert fit.weights == pytest.approx(alone.weights, abs=1e-4)
    assert pattern.fit_all([], None) == []


def test_a_caption_is_left_out_and_what_moves_is_not() -> None:
    frames = [scene(1, x) for x in range(0, 12, 3)]
    query = frames[2].copy()
    query[56:] = scene(7)[56:]
    found = [whole(query).fit(frame, None) for frame in frames]
    fits = [fit for fit in found if fit]
    kept = kept_blocks(fits)
    assert kept is not None
    assert kept[:7].mean() > 0.9
    assert kept[7:].mean() < 0.6
    scores = [fit.pooled(kept) for fit in fits]
    assert int(np.argmax(scores)) == 2
    assert scores[2] > fits[2].pooled() + 0.05


@pytest.mark.parametrize(("x", "y"), [(0, 0), (5, 3), (-12, 8), (20, -10)])
def test_the_camera_is_followed(x: int, y: int) -> None:
    moved = project(camera_motion(scene(), scene(0, x, y)), np.array([[64.0, 36.0]]))[0]
    assert moved == pytest.approx([64 - x, 36 - y], abs=0.5)


def test_a_query_is_followed_to_both_sides() -> None:
    frames = tuple(scene(0, 4 * number) for number in range(9))
    sequence = FrameSequence(tuple(number / 3 for number in range(9)), frames)
    query = np.ascontiguousarray(frames[4][16:56, 40:104])
    pattern = placed_pattern(query, shift(40, 16), SIZE)
    assert pattern is not None
    assert pattern.placement is not None
    found = placements_along(sequence, pattern, KnownPlacement(4 / 3, pattern.placement), 2)
    assert sorted(found) == [0, 2, 4, 6, 8]
    for number, placed in found.items():
        to_pattern = np.asarray(np.linalg.inv(pattern.placement), np.float64)
        moved = project(placed.placement, project(to_pattern, np.array([[72.0, 36.0]])))[0]
        assert moved == pytest.approx([72 - 4 * (number - 4), 36], abs=0.7)
        assert placed.fit.pooled() > 0.9


def test_a_blank_picture_has_no_motion() -> None:
    blank = np.zeros(SIZE[::-1], np.uint8)
    assert np.array_equal(camera_motion(blank, blank), np.eye(3))


@pytest.mark.parametrize("off", [(1.5, 0.0), (-1.0, 1.5)])
def test_a_pattern_is_laid_exactly(off: tuple[float, float]) -> None:
    frame = scene()
    pattern = placed_pattern(np.ascontiguousarray(frame[16:56, 24:96]), shift(24, 16), SIZE)
    assert pattern is not None
    assert pattern.placement is not None
    near = shift(*off) @ pattern.placement
    exact = align(pattern, frame, near)
    assert exact is not None
    points = outer_corners((72, 40))
    assert project(exact, points) == pytest.approx(project(pattern.placement, points), abs=0.6)
    assert align(pattern, np.zeros_like(frame), near) is None


def test_a_placed_pattern_has_the_scale_of_the_thumbnail() -> None:
    frame = scene()
    large = np.kron(frame, np.ones((4, 4), np.uint8))[80:240, 120:400]
    to_thumbnail = rescale((512, 288), SIZE) @ shift(120, 80)
    pattern = placed_pattern(large, to_thumbnail, SIZE)
    assert pattern is not None
    assert pattern.grey.shape == (40, 64)
    assert pooled(pattern, frame) > 0.97


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.5, 3), st.integers(20, 400), st.integers(20, 400))
def test_the_frame_is_found_in_the_query(x: float, y: float, scale: float, width: int, height: int) -> None:
    matrix = np.asarray(np.linalg.inv(shift(x, y) @ np.diag([scale, scale, 1.0])), np.float64)
    found = frame_in_query(matrix, (width, height), (width, height))
    assert found is not None
    assert found == pytest.approx(outer_corners((width, height)) * scale + [x, y])
    twice = mirror(width) @ mirror(width)
    assert twice == pytest.approx(np.eye(3))


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.full((3, 3), np.inf), np.array([[1, 0, 0], [0, 1, 0], [0.1, 0, -1.0]])]
)
def test_maps_that_no_edit_makes(matrix: np.typing.NDArray[np.float64]) -> None:
    assert frame_in_query(matrix, (100, 100), (100, 100)) is None


def test_frame_sequences_are_joined_in_order() -> None:
    frame = scene()
    one = FrameSequence((1.0, 2.0), (frame, frame), True, 5)
    both = one.joined(FrameSequence((0.5, 1.0), (frame, frame), False, 3))
    assert both.times_s == (0.5, 1.0, 2.0)
    assert (both.complete, both.decoded) == (False, 8)
    assert both.nearest(1.4) == 1
