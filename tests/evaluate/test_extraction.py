"""The methods that Table II compares with, on small examples from their own descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.evaluate import evaluate_keyframes
from cbvir_core.evaluate.extraction import (
    COLOUR_METHODS,
    PublishedCode,
    cluster_sizes,
    extraction_methods,
    middle_samples,
    vsumm_summary,
)
from cbvir_core.evaluate.extraction.features import (
    FEATURE_CLUSTER_SAMPLES,
    FEATURE_SQUARED_COSINE,
    _colours,
)
from cbvir_core.evaluate.extraction.published import PUBLISHED_RANK, samples_of_part
from cbvir_core.evaluate.extraction.vsumm import HUE_BINS, NEAR_APART, NEAR_DISTANCE, hue_histogram
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.types import Floats, Frame, Image
from support.films import Film

RED, GREEN, BLUE = (200, 20, 20), (20, 200, 20), (20, 20, 200)
MENDED = PublishedCode(False, False, False)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def plain(colour: Sequence[int], height: int = 36, width: int = 64) -> Image:
    return np.full((height, width, 3), colour, np.uint8)


def samples(images: Sequence[Image]) -> list[Frame]:
    return [Frame(Fraction(number, 3), image) for number, image in enumerate(images)]


def test_a_sample_joins_while_it_is_like_the_mean_of_the_cluster() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [1, 0], [0, 1], [0, 1], [1, 1]], np.float32)
    assert cluster_sizes(vectors, 0.9) == [3, 2, 1]
    assert cluster_sizes(vectors, 0.4) == [3, 3]  # the square of cos 45 degrees is .5
    assert cluster_sizes([], 0.9) == []


def test_the_first_two_samples_are_one_cluster_whatever_they_are() -> None:
    assert cluster_sizes(np.eye(3, dtype=np.float32), 0.9) == [2, 1]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 4))
def test_the_middle_sample_lies_in_its_cluster(sizes: list[int], least: int) -> None:
    ends = list(accumulate(sizes))
    spans = [(end - size, end) for end, size in zip(ends, sizes, strict=True) if size >= least]
    found = middle_samples(sizes, least)
    assert len(found) == len(spans)
    assert all(start <= at < end for at, (start, end) in zip(found, spans, strict=True))
    assert middle_samples([4, 5], 1) == [1, 6]


def test_the_published_histogram_counts_three_rows_of_a_block(rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (90, 90, 3)).astype(np.uint8)
    values = image[:3, :30].reshape(3, -1).astype(int) * 6 // 256  # rows are taken for channels
    expected = np.zeros((6, 6, 6))
    np.add.at(expected, tuple(values), 1)
    found = PublishedCode().histogram(image)
    assert found.shape == (1944,)
    np.testing.assert_array_equal(found[:216], expected.ravel())
    assert found.sum() == 9 * 90  # three values of each of thirty pixels
    mended = MENDED.histogram(image)
    colours = image[:30, :30].reshape(-1, 3).astype(int) * 6 // 256
    expected = np.zeros((6, 6, 6))
    np.add.at(expected, tuple(colours.T), 1)
    np.testing.assert_array_equal(mended[:216], expected.ravel())
    assert mended.sum() == 8100


def test_the_swapped_sides_leave_out_the_right_of_a_wide_frame() -> None:
    image = plain(RED, 30, 60)
    changed = image.copy()
    changed[:, 30:] = BLUE
    swapped = PublishedCode(three_rows=False)
    np.testing.assert_array_equal(swapped.histogram(image), swapped.histogram(changed))
    mended = PublishedCode(three_rows=False, swapped_sides=False)
    assert (mended.histogram(image) != mended.histogram(changed)).any()


def test_a_short_part_has_one_keyframe_unless_that_is_mended() -> None:
    film = samples([plain(RED)] * 30 + [plain(GREEN)] * 30)
    assert PublishedCode().choose(film, 180) == [pytest.approx(59 / 3)]
    assert MENDED.choose(film, 180) == [pytest.approx(14 / 3), pytest.approx(44 / 3)]


def test_a_keyframe_that_is_alike_across_two_parts_is_deleted() -> None:
    film = samples([plain(RED)] * 60 + [plain(GREEN)] * 60)
    assert MENDED.choose(film, 30) == [pytest.approx(at / 3) for at in (44, 104)]
    assert MENDED.choose(samples([plain(RED)] * 2), 30) == []  # clusters of a second at least


def test_without_truncation_the_svd_changes_nothing(rng: np.random.Generator) -> None:
    rows = rng.random((PUBLISHED_RANK - 10, 1944)).astype(np.float32)
    rows[20:] += 3 * rng.random(1944).astype(np.float32)
    raw = PublishedCode(False, False, False, project=False)
    for least in (0.6, 0.75, 0.9):
        assert MENDED.keyframes_of_part(rows, least) == raw.keyframes_of_part(rows, least)


def test_k_means_has_the_sample_after_the_middle_of_each_cluster() -> None:
    rows = np.eye(3, 1944, dtype=np.float32).repeat([4, 5, 1], axis=0)
    code = PublishedCode(False, False, False, clusters=3)
    assert code.keyframes_of_part(rows) == [2, 7]  # (4 + 1) // 2 = 2 and (5 + 1) // 2 = 3, from 4 on
    assert PublishedCode(clusters=3).keyframes_of_part(rows) == [9]  # a short part


@pytest.mark.parametrize(("rate", "length"), [(30, 180), (25, 150), (30000 / 1001, 180), (0.1, 1)])
def test_a_part_has_every_tenth_frame_of_a_minute(rate: float, length: int) -> None:
    assert samples_of_part(rate) == length


def test_raw_colour_is_every_value_of_the_frame_at_320_pixels() -> None:
    """Red and green have a cosine of .21, dark red and red one of 1: scale of light is no change."""
    dark = tuple(value // 2 for value in RED)
    colours = (RED, RED, dark, GREEN, GREEN, RED)
    vectors = [vector for _, vector in _colours(iter(samples([plain(one, 320, 640) for one in colours])))]
    assert [len(vector) for vector in vectors] == [160 * 320 * 3] * 6
    assert vectors[0][:3].tolist() == list(RED)
    sizes = cluster_sizes(vectors, FEATURE_SQUARED_COSINE)
    assert sizes == [3, 2, 1]
    assert middle_samples(sizes, FEATURE_CLUSTER_SAMPLES) == [1, 3]  # a cluster of one has no keyframe


def hues(*bins: int) -> Floats:
    return np.eye(HUE_BINS, dtype=np.float32)[list(bins)]


def test_vsumm_counts_clusters_by_steps_and_keeps_the_nearest_to_each_centre() -> None:
    rows = np.concatenate([hues(1, 1, 1), hues(5, 5), hues(9, 9, 9)])
    rows[1, 1], rows[1, 2] = 0.9, 0.1  # a little off
    chosen = vsumm_summary(rows)
    assert [int(rows[at].argmax()) for at in chosen] == [1, 5, 9]
    assert chosen == sorted(chosen)
    assert 1 not in chosen


def test_vsumm_keeps_the_first_of_keyframes_that_are_alike() -> None:
    assert vsumm_summary(hues(1, 1, 5, 5, 1, 1)) == [0, 2]
    assert vsumm_summary(hues(3)) == [0]


def test_vsumms_example_by_hand() -> None:
    """Ten seconds: a red room, the same with a green door, blue sky, the red room again.

    Successive distances are 0 within a shot, .3 sqrt 2 = .42 as the door opens, 1.26 to the sky, 1.41 back.
    Above .5 are two steps, so k is 3 and the room with the door is a cluster with the first room; the last
    room is alike and goes.  Above .4 are three, and the door is .42 from the room: it stays from .3 on.
    """
    room, door, sky = hues(0), 0.7 * hues(0) + 0.3 * hues(5), hues(10)
    film = np.concatenate([room, room, room, door, door, sky, sky, sky, room, room])
    steps = np.linalg.norm(np.diff(film, axis=0), axis=1)
    np.testing.assert_allclose(steps[[2, 4, 7]], [0.424, 1.257, 1.414], atol=1e-3)
    summary = vsumm_summary(film)
    assert [int(film[at].argmax()) for at in summary] == [0, 10]
    assert len(vsumm_summary(film, NEAR_DISTANCE, NEAR_APART)) == 3


def test_vsumm_2_leaves_out_clusters_of_less_than_half_the_mean_size() -> None:
    rows = hues(*[1] * 10, 4, *[8] * 10)
    assert len(vsumm_summary(rows)) == 3
    assert len(vsumm_summary(rows, large_clusters_only=True)) == 2


def test_the_hue_histogram_is_of_the_hue_alone() -> None:
    one = hue_histogram(plain(RED))
    assert one.shape == (16,)
    assert one.sum() == pytest.approx(1)
    assert one.argmax() == hue_histogram(plain((100, 10, 10))).argmax() == 0
    assert hue_histogram(plain(GREEN)).argmax() == 5  # 120 of 360 degrees


@pytest.mark.parametrize("name", COLOUR_METHODS)
def test_every_method_finds_keyframes_of_a_film(name: str, films: list[Film]) -> None:
    film = films[0]
    times = extraction_methods()[name](film.path)
    assert times == sorted(times)
    assert 1 <= len(times) <= 60
    assert all(0 <= time_s <= film.duration_s for time_s in times)


class MeanColour:
    """An encoder of a colour a picture, in the place of a network."""

    dim, fingerprint, delay = 3, "mean colour", None

    def encode(self, images: Sequence[Image]) -> Floats:
        rows = np.stack([image.mean((0, 1)) for image in images]).astype(np.float32)
        unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def test_a_network_and_a_threshold(films: list[Film]) -> None:
    shots = {films[0].path: [AnnotatedSpan(films[0].path, 0, films[0].duration_s)]}
    counts = []
    for threshold in (0.1, 0.999):
        (result,) = evaluate_keyframes(
            films[0].path.parent,
            shots,
            forms=("resnet18",),
            encoders={"resnet18": MeanColour()},
            threshold=threshold,
        )
        assert result.method == "resnet18"
        counts.append(result.keyframes)
    assert counts[0] == 1
    assert counts[1] > 1
