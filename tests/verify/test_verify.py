"""Verification on real clips: edited frames are found in their stills, captions and logos find nothing."""

from __future__ import annotations

from itertools import permutations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbvir_core.geometry import outlines, pixel_corners, project, shared_part
from cbvir_core.verify import QUERY_FEATURES, describe, verify
from cbvir_core.verify.homography import is_plausible
from verify.clips import Clip
from verify.perturbations import PERTURBATIONS, Perturbation, both, caption, logo, mirror, page, plain

MOSTLY_FOUND = ("crop_half", "crop_quarter", "page", "screen")


@pytest.mark.parametrize("perturb", PERTURBATIONS)
def test_an_edited_frame_is_found_in_its_still(clips: list[Clip], perturb: Perturbation) -> None:
    found = [
        verify(describe(perturb(c.frame), QUERY_FEATURES), c.still_features, mirror=perturb is mirror)
        for c in clips
    ]
    missing = sum(one is None for one in found)
    assert missing <= (1 if perturb.__name__ in MOSTLY_FOUND else 0)
    for one in filter(None, found):
        assert one.mirrored == (perturb is mirror) == (np.linalg.det(one.homography) < 0)
        for value in (one.share, one.spread, one.agreement, one.textured, one.support):
            assert 0 <= value <= 1


def test_another_film_is_not_found(clips: list[Clip]) -> None:
    for one, other in permutations(clips, 2):
        assert verify(one.frame_features, other.still_features) is None


@pytest.mark.parametrize("perturb", [caption, logo, both])
def test_what_both_films_carry_does_not_count(clips: list[Clip], perturb: Perturbation) -> None:
    stills = {id(clip): describe(perturb(clip.still)) for clip in clips}
    queries = {id(clip): describe(perturb(clip.frame), QUERY_FEATURES) for clip in clips}
    for one, other in permutations(clips, 2):
        found = verify(queries[id(one)], stills[id(other)])
        assert found is None or found.support < 0.5


def test_a_mirrored_picture_is_found_only_when_asked_for(clips: list[Clip]) -> None:
    for clip in clips:
        assert verify(describe(mirror(clip.frame), QUERY_FEATURES), clip.still_features) is None
        assert verify(clip.frame_features, clip.still_features, mirror=True) is None


def test_the_region_is_where_the_page_shows_the_still(clips: list[Clip]) -> None:
    clip = clips[1]
    found = verify(describe(page(clip.frame), QUERY_FEATURES), clip.still_features)
    assert found is not None
    width, height = 420, round(420 * clip.frame.shape[0] / clip.frame.shape[1])
    left, top = int((1200 - width) * 0.6), int((900 - height) * 0.3)
    assert np.allclose(found.region, (left, top, left + width, top + height), atol=15)


def test_lines_join_what_the_homography_maps(clips: list[Clip]) -> None:
    for perturb in (plain, mirror):
        for clip in clips[:2]:
            query = describe(perturb(clip.still), QUERY_FEATURES)
            found = verify(query, clip.still_features, mirror=perturb is mirror)
            assert found is not None
            assert len(found.lines) == found.inliers
            assert np.abs(project(found.homography, found.lines[:, :2]) - found.lines[:, 2:]).max() < 10
            expected = pixel_corners(clip.still_features.size)
            if perturb is mirror:
                expected = expected[[1, 0, 3, 2]]
            assert np.abs(project(found.homography, pixel_corners(query.size)) - expected).max() < 4


def test_verification_is_deterministic(clips: list[Clip]) -> None:
    query = describe(page(clips[1].frame), QUERY_FEATURES)
    once, again = (verify(query, clips[1].still_features) for _ in range(2))
    assert once is not None
    assert again is not None
    assert np.array_equal(once.homography, again.homography)
    assert np.array_equal(once.lines, again.lines)


def test_blank_pictures_verify_nothing(clips: list[Clip]) -> None:
    blank = describe(np.zeros((360, 640, 3), np.uint8), QUERY_FEATURES)
    for mirrored_too in (False, True):
        assert verify(blank, clips[0].still_features, mirror=mirrored_too) is None
        assert verify(clips[0].frame_features, blank, mirror=mirrored_too) is None


def accepted(matrix: np.ndarray) -> bool:
    shared = shared_part(matrix, (640, 360), (512, 288))
    return shared is not None and is_plausible(matrix, shared)


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("collapsed to a line", np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1.0]])),
        ("collapsed to a point", np.array([[1e-9, 0, 5], [0, 1e-9, 5], [0, 0, 1]])),
        ("mirrored", np.array([[-0.8, 0, 511], [0, 0.8, 0], [0, 0, 1]])),
        ("folded", np.array([[0.8, 0, 0], [0, 0.8, 0], [0.005, 0, -1]])),
        ("far too large", np.diag([30.0, 30.0, 1.0])),
        ("far too small", np.diag([0.05, 0.05, 1.0])),
        ("far too narrow", np.diag([0.2, 0.8, 1.0])),
        ("elsewhere", np.array([[0.8, 0, 9000], [0, 0.8, 0], [0, 0, 1]])),
        ("no number", np.full((3, 3), np.nan)),
    ],
)
def test_what_no_picture_of_a_picture_is_refused(name: str, matrix: np.ndarray) -> None:
    assert not accepted(matrix), name


@settings(max_examples=25, deadline=None)
@given(
    place=st.tuples(st.floats(-0.4, 0.9), st.floats(-0.4, 0.9)),
    scale=st.floats(0.7, 1.6),
    degrees=st.floats(-40, 40),
    mirrored=st.booleans(),
)
def test_the_region_is_the_part_of_the_still_that_lies_in_the_picture(
    clips: list[Clip], place: tuple[float, float], scale: float, degrees: float, mirrored: bool
) -> None:
    """A still laid anywhere on a picture of 600 x 400, partly outside it."""
    still = clips[3].still
    height, width = still.shape[:2]
    size = (600, 400)
    across, down = size
    matrix = np.vstack([cv2.getRotationMatrix2D((0, 0), degrees, scale), [0, 0, 1]])
    matrix[:2, 2] = np.array(size) * place
    laid = cv2.warpAffine(still, matrix[:2], size, borderValue=(90, 90, 90))
    seen = outlines(np.linalg.inv(matrix), size, (width, height))
    visible = 0.0 if seen is None else cv2.contourArea(seen[1].astype(np.float32)) / (width * height)
    picture = np.ascontiguousarray(laid[:, ::-1]) if mirrored else laid
    found = verify(describe(picture, QUERY_FEATURES), clips[3].still_features, mirror=mirrored)
    if found is None:
        assert visible < 0.25
        return
    left, top, right, bottom = found.region
    assert 0 <= left < right <= across - 1
    assert 0 <= top < bottom <= down - 1
    assert seen is not None
    x, y = seen[0].T
    x = across - 1 - x if mirrored else x
    if visible >= 0.25:
        assert np.allclose(found.region, (x.min(), y.min(), x.max(), y.max()), atol=6)


OFF = st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))


@settings(max_examples=150)
@given(
    place=st.tuples(st.integers(-700, 700), st.integers(-500, 500)),
    size=st.tuples(st.integers(50, 1500), st.integers(50, 900)),
    turn=st.sampled_from([0, 0, 90, 180, 30, -77]),
    off=st.one_of(st.just([(0.0, 0.0)] * 4), st.lists(OFF, min_size=4, max_size=4)),
    mirrored=st.booleans(),
    seed=st.integers(0, 9),
)
@example((0, 0), (639, 359), 0, [(0.0, 0.0)] * 4, False, 0)
@example((0, 0), (639, 359), 180, [(0.0, 0.0)] * 4, True, 0)
@example((0, 0), (1000, 700), 0, [(0.0, 0.0)] * 4, True, 0)
@example((-300, 0), (620, 400), 0, [(0.0, 0.0)] * 4, False, 0)
@example((50, 50), (50, 50), 180, [(0.0, 0.0), (0.125, 0.0), (0.0, 0.0), (0.0, 0.0)], True, 0)
def test_outlines_are_what_lies_in_both_pictures(
    place: tuple[int, int],
    size: tuple[int, int],
    turn: int,
    off: list[tuple[float, float]],
    mirrored: bool,
    seed: int,
) -> None:
    """This holds wherever the corners of the still lie in the picture, on its edges too."""
    query, still = (640, 360), (512, 288)
    box = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) + off
    rotation = cv2.getRotationMatrix2D((0, 0), turn, 1)
    laid = cv2.transform(np.asarray([box * size], np.float32), rotation)[0] + place
    laid = np.array(laid[[1, 0, 3, 2]] if mirrored else laid, np.float32)
    matrix = cv2.getPerspectiveTransform(laid, pixel_corners(still))
    found = outlines(matrix, query, still)
    points = np.random.default_rng(seed).uniform((0, 0), (639, 359), (200, 2))
    inside = np.array([cv2.pointPolygonTest(laid, point, True) for point in points])
    if found is None:
        assert inside.max() < 2
        return
    for outline, extent in zip(found, (query, still), strict=True):
        assert (outline >= -0.1).all()
        assert (outline <= np.array(extent) - 0.9).all()
        assert (np.ptp(outline, axis=0) > 0).all()
    framed = np.array([cv2.pointPolygonTest(found[0].astype(np.float32), point, True) for point in points])
    assert (framed[inside > 0.5] > -0.1).all()
    assert (inside[framed > 0.5] > -0.1).all()
    assert np.allclose(project(matrix, found[0]), found[1], atol=0.1)


@settings(max_examples=60)
@given(
    st.floats(0.3, 4),
    st.floats(-180, 180),
    st.floats(0.6, 1.6),
    st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
)
def test_every_turn_size_and_place_is_accepted(
    scale: float, degrees: float, aspect: float, place: tuple[float, float]
) -> None:
    turn = np.radians(degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = rotation @ np.diag([scale * aspect, scale])
    middle = np.array([640, 360]) * place
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, np.array([256, 144]) - linear @ middle
    assert accepted(matrix)
