"""Thumbnails tell about when a picture is shown, how much of it, and what need be decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import STILL_SIDE, fit_within, read_frames, thumbnail
from cbvir_core.decode.span import SpanReader
from cbvir_core.geometry import shift
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.localise import ThumbnailMatch, find_moment, match_thumbnails
from cbvir_core.types import Image, Keyframe, Thumbnails
from cbvir_core.verify import (
    QUERY_FEATURES,
    STILL_FEATURES,
    FeatureOptions,
    LocalFeatures,
    Verification,
    describe,
    verify,
)

GAP_S = 1 / 3
"""Distance of thumbnails."""

Perturbation = Callable[[Image], Image]


def whole(image: Image) -> Image:
    return image


def cropped(image: Image) -> Image:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[height // 6 : -height // 8, width // 8 : -width // 6])


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def in_page(image: Image) -> Image:
    page = np.full((600, 740, 3), 240, np.uint8)
    picture = fit_within(image, 470)
    page[70 : 70 + len(picture), 130 : 130 + picture.shape[1]] = picture
    return page


@pytest.fixture(scope="module")
def landscape() -> Image:
    rng = np.random.default_rng(3)
    cells = rng.integers(0, 255, (60, 160, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(cells, (1600, 600), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="module")
def pan(make_film: Callable[..., Path], landscape: Image) -> Path:
    """Five seconds of a camera that goes along a landscape, 4 pixels a frame."""
    return make_film(
        frames=120,
        picture=lambda number: np.ascontiguousarray(landscape[100:460, 4 * number : 4 * number + 640]),
        options={"crf": "20", "g": "30"},
    )


@pytest.fixture(scope="module")
def crossing(make_film: Callable[..., Path], landscape: Image) -> Path:
    """Four seconds of a still camera, before which a disc goes from left to right."""

    def picture(number: int) -> Image:
        drawn = landscape[100:460, 300:940].copy()
        cv2.circle(drawn, (40 + 6 * number, 180 + number // 2), 60, (30, 30, 200), -1)
        cv2.circle(drawn, (40 + 6 * number, 180 + number // 2), 30, (240, 240, 20), -1)
        return drawn

    return make_film(frames=96, picture=picture, options={"crf": "20", "g": "1"})


@cache
def scenes(path: Path) -> list[Keyframe]:
    return list(extract_keyframes(path, max_side=STILL_SIDE))


def frame_at(path: Path, time_s: float) -> Image:
    with SpanReader(path, time_s, time_s + 1.0) as frames:
        return next(iter(frames)).image


def features(image: Image, options: FeatureOptions = STILL_FEATURES) -> LocalFeatures:
    """The features of a picture, which several tests compare."""
    return _features(image.tobytes(), image.shape, options)


@cache
def _features(pixels: bytes, shape: tuple[int, ...], options: FeatureOptions) -> LocalFeatures:
    return describe(np.frombuffer(pixels, np.uint8).reshape(shape), options)


def agreeing(query: Image, scene: Keyframe, mirror: bool) -> Verification:
    found = verify(features(query, QUERY_FEATURES), features(scene.image), mirror=mirror)
    assert found is not None
    return found


def matched(query: Image, scene: Keyframe, *, mirror: bool = False) -> ThumbnailMatch:
    """Match the thumbnails as a search does."""
    assert scene.thumbnails is not None
    found = match_thumbnails(
        scene.thumbnails,
        query,
        keyframe_s=scene.time_s,
        still=(scene.image.shape[1], scene.image.shape[0]),
        transform=agreeing(query, scene, mirror).homography,
        mirrored=mirror,
    )
    assert found is not None
    return found


@pytest.mark.parametrize("perturb", [whole, cropped, mirrored, in_page])
def test_the_time_is_told_to_one_thumbnail(crossing: Path, perturb: Perturbation) -> None:
    for scene in scenes(crossing):
        for time_s in (scene.scene_start_s + 0.3, scene.time_s, scene.scene_end_s - 0.3):
            match = matched(perturb(frame_at(crossing, time_s)), scene, mirror=perturb is mirrored)
            assert abs(match.time_s - time_s) <= GAP_S, (time_s, match)
            assert match.explained > 0.85
            assert any(start_s <= time_s <= end_s for start_s, end_s in match.spans), (time_s, match.spans)


@pytest.mark.parametrize("perturb", [whole, cropped, mirrored, in_page])
def test_under_a_camera_that_pans_the_frame_is_in_the_spans(pan: Path, perturb: Perturbation) -> None:
    """A part of the landscape is in many frames; the spans must hold the right one, whichever fits best."""
    for scene in scenes(pan):
        for time_s in (scene.scene_start_s + 0.3, scene.time_s, scene.scene_end_s - 0.3):
            match = matched(perturb(frame_at(pan, time_s)), scene, mirror=perturb is mirrored)
            assert match.explained > 0.9
            assert any(start_s <= time_s <= end_s for start_s, end_s in match.spans), (time_s, match.spans)


def test_spans_are_apart_and_the_likeliest_comes_first(pan: Path) -> None:
    for scene in scenes(pan):
        match = matched(frame_at(pan, scene.time_s), scene)
        start_s, end_s = match.spans[0]
        assert start_s <= match.time_s <= end_s
        ordered = sorted(match.spans)
        assert all(one[1] < other[0] for one, other in pairwise(ordered))


def test_the_transform_leads_to_the_still(pan: Path) -> None:
    """A crop was cut at a place that is known, and the camera moves on from the still to the thumbnail."""
    scene = scenes(pan)[0]
    image = frame_at(pan, scene.time_s)
    match = matched(cropped(image), scene)
    scale = scene.image.shape[1] / image.shape[1]
    corner = match.transform @ [0.0, 0.0, 1.0]
    x, y = corner[:2] / corner[2]
    moved = 4 * 24 * scale * (match.time_s - scene.time_s)
    assert x == pytest.approx(image.shape[1] // 8 * scale - moved, abs=6.0)
    assert y == pytest.approx(image.shape[0] // 6 * scale, abs=6.0)


def test_only_the_likely_part_is_decoded(crossing: Path) -> None:
    """Every frame is an intra frame, so what is decoded is what was asked for."""
    scene = max(scenes(crossing), key=lambda scene: scene.scene_end_s - scene.scene_start_s)
    time_s = scene.scene_start_s + 0.8
    query = frame_at(crossing, time_s)
    span = (scene.scene_start_s, scene.scene_end_s)
    with_it = find_moment(
        crossing, span, query, keyframe_s=scene.time_s, thumbnail_match=matched(query, scene), budget_s=60.0
    )
    without = find_moment(crossing, span, query, keyframe_s=scene.time_s, budget_s=60.0)
    assert with_it.exact
    assert without.exact
    assert with_it.time_s == pytest.approx(time_s, abs=1 / 24 + 1e-3)
    assert with_it.time_s == without.time_s
    assert with_it.frames_decoded < 0.7 * without.frames_decoded


def test_without_the_file_the_thumbnails_time_is_given(pan: Path, tmp_path: Path) -> None:
    scene = scenes(pan)[0]
    time_s = scene.scene_start_s + 0.4
    query = frame_at(pan, time_s)
    span = (scene.scene_start_s, scene.scene_end_s)
    gone = tmp_path / "gone.mp4"
    moment = find_moment(gone, span, query, keyframe_s=scene.time_s, thumbnail_match=matched(query, scene))
    assert abs(moment.time_s - time_s) <= GAP_S
    assert not moment.exact
    assert moment.reason.startswith(f"{gone} is not there")
    assert moment.reason.endswith(
        "The time is that of the best of the frames that indexing looked at, exact to .19 s."
    )
    unclear = replace(matched(query, scene), fit=0.1)
    moment = find_moment(gone, span, query, keyframe_s=scene.time_s, thumbnail_match=unclear)
    assert moment.time_s == scene.time_s
    assert moment.reason.endswith("The time is the keyframe's.")


def test_when_time_is_over_the_thumbnail_stands(pan: Path) -> None:
    scene = scenes(pan)[0]
    query = frame_at(pan, scene.scene_start_s + 0.4)
    match = matched(query, scene)
    span = (scene.scene_start_s, scene.scene_end_s)
    moment = find_moment(pan, span, query, keyframe_s=scene.time_s, thumbnail_match=match, budget_s=0.0)
    assert (moment.time_s, moment.exact) == (match.time_s, False)
    assert moment.reason.startswith("Time was over")


def disc_scene(landscape: Image, count: int, step: float) -> tuple[Thumbnails, Callable[[int], Image]]:
    """Thumbnails of a still camera, before which a disc moves by `step` pixels each; and their pictures."""

    def picture(number: int) -> Image:
        drawn = landscape[100:388, 300:812].copy()
        cv2.circle(drawn, (90 + round(step * number), 150), 30, (30, 30, 200), -1)
        cv2.circle(drawn, (90 + round(step * number), 150), 15, (240, 240, 20), -1)
        return drawn

    frames = np.stack([thumbnail(picture(number)) for number in range(count)])
    return Thumbnails(np.array([GAP_S * number for number in range(count)]), frames), picture


@pytest.mark.parametrize("number", [4, 130, 250])
def test_in_a_long_scene_the_best_is_found_without_aligning_all(number: int, landscape: Image) -> None:
    """A disc crosses a still scene of 256 thumbnails; the picture is a part of one that holds its path."""
    thumbnails, picture = disc_scene(landscape, 256, 1.5)
    query = picture(number)[40:250, 40:]
    for transform, asked in ((None, picture(number)), (shift(40, 40), query)):
        match = match_thumbnails(
            thumbnails, asked, keyframe_s=100 * GAP_S, still=(512, 288), transform=transform
        )
        assert match is not None
        assert match.time_s == pytest.approx(number * GAP_S, abs=GAP_S + 1e-6)
        assert match.spans[0][0] <= number * GAP_S <= match.spans[0][1]
        assert match.explained > 0.95


def test_a_blank_query_is_compared_with_nothing() -> None:
    thumbnails = Thumbnails(np.zeros(1), np.full((1, 72, 128), 90, np.uint8))
    blank = np.full((360, 640, 3), 90, np.uint8)
    assert match_thumbnails(thumbnails, blank, keyframe_s=0.0, still=(640, 360)) is None


def test_one_thing_in_the_place_of_another_is_not_explained(shared: Path) -> None:
    """A pig and a rabbit, filmed on one table with one camera: every plank agrees."""
    rabbit = shared / "videos/learning-area--rabbit.webm"
    own, other = (
        [(scene, features(scene.image)) for scene in scenes(path)]
        for path in (rabbit, shared / "videos/learning-area--pig.mp4")
    )
    with read_frames(rabbit, samples_per_s=1.0, max_side=STILL_SIDE) as reader:
        frames = list(reader)
    mine: list[float] = []
    theirs: list[float] = []
    for frame in frames[1:-1]:
        asked = features(frame.image, QUERY_FEATURES)
        scene, described = next(one for one in own if frame.time_s < one[0].scene_end_s)
        if verify(asked, described) is not None:
            mine.append(matched(frame.image, scene).explained)
        agreeing_ones = [one for one, described in other if verify(asked, described) is not None]
        theirs += [matched(frame.image, one).explained for one in agreeing_ones]
    assert len(mine) >= 4
    assert len(theirs) >= 2
    assert np.median(mine) > 0.95
    assert max(theirs) < 0.9
