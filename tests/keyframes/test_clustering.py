from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.keyframes.clustering import DynamicClustering
from cbvir_core.keyframes.select import FrameSample, PictureQuality
from cbvir_core.types import Frame, Keyframe

BLACK = -1


class Plain:
    """The basis in which everything is itself."""

    def project(self, vector: np.ndarray) -> np.ndarray:
        return vector


def sample(time: Fraction, scene: int, quality: float = 0.5) -> FrameSample:
    """A sample of a scene: scenes are orthogonal."""
    vector = np.eye(16, dtype=np.float32)[scene % 16]
    return FrameSample(
        Frame(time, np.zeros((2, 2, 3), np.uint8)),
        vector,
        PictureQuality(0.0 if scene == BLACK else quality, scene == BLACK),
        np.zeros((2, 2), np.float32),
    )


def cluster(scenes: list[int], step: Fraction = Fraction(1, 3), max_gap_s: float = 15.0) -> list[Keyframe]:
    clustering = DynamicClustering(similarity=0.9, min_scene_s=0.8, max_gap_s=max_gap_s)
    keyframes = [
        k for i, scene in enumerate(scenes) for k in clustering.add(sample(i * step, scene), Plain())
    ]
    return keyframes + clustering.finish()


def spans(scenes: list[int]) -> list[tuple[float, float]]:
    return [(round(k.scene_start_s * 3), round(k.scene_end_s * 3)) for k in cluster(scenes)]


def test_a_cut_divides_and_a_scene_that_comes_back_is_a_new_span() -> None:
    assert spans([0] * 6 + [1] * 6 + [0] * 6) == [(0, 6), (6, 12), (12, 17)]


@pytest.mark.parametrize("flash", [[1], [1, 2], [BLACK], [BLACK] * 9])
def test_flashes_and_black_do_not_divide(flash: list[int]) -> None:
    assert spans([0] * 6 + flash + [0] * 6) == [(0, 11 + len(flash))]


def test_a_dissolve_belongs_to_the_scene_before() -> None:
    assert spans([0] * 6 + [5, 6] + [1] * 6) == [(0, 8), (8, 13)]


def test_what_never_settles_is_still_divided() -> None:
    assert len(spans([0] * 6 + [3 + i % 9 for i in range(30)] + [1] * 6)) >= 4


def test_too_small_a_first_cluster_goes_with_the_next() -> None:
    assert spans([0, 0] + [1] * 6) == [(0, 7)]
    assert spans([BLACK] * 4 + [7, 8] + [1] * 6) == [(0, 11)]


def test_three_samples_are_a_scene_also_at_the_end() -> None:
    assert spans([0] * 6 + [1] * 3) == [(0, 6), (6, 8)]
    assert spans([0] * 6 + [1] * 2) == [(0, 7)]


def test_black_films_have_a_keyframe_of_no_quality() -> None:
    (only,) = cluster([BLACK] * 10)
    assert (only.quality, only.scene_start_s, only.scene_end_s) == (0.0, 0.0, 3.0)


def test_between_black_and_picture_the_picture_is_chosen() -> None:
    (only,) = cluster([BLACK] * 5 + [1] * 4 + [BLACK] * 5)
    assert only.quality > 0
    assert 5 / 3 <= only.time_s <= 8 / 3


def test_a_long_scene_is_given_in_parts_while_it_lasts() -> None:
    clustering = DynamicClustering(similarity=0.9, min_scene_s=0.8, max_gap_s=5)
    times = [i for i in range(60) if clustering.add(sample(Fraction(i, 3), 0), Plain())]
    assert times == [15, 30, 45]
    assert [k.scene_start_s for k in clustering.finish()] == [15.0]


def test_far_apart_samples_are_scenes_by_themselves() -> None:
    keyframes = cluster([0, 1, 2, 2, 3], step=Fraction(4))
    assert [k.scene_start_s for k in keyframes] == [0, 4, 8, 16]


def test_no_sample_no_keyframe() -> None:
    assert cluster([]) == []
    assert spans([3]) == [(0, 0)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(1, 9)), min_size=1, max_size=25),
    st.sampled_from([Fraction(1, 25), Fraction(1, 3), Fraction(2)]),
    st.sampled_from([2.0, 6.0, 15.0]),
)
def test_spans_follow_one_another(runs: list[tuple[int, int]], step: Fraction, max_gap_s: float) -> None:
    scenes = [scene for scene, count in runs for _ in range(count)]
    keyframes = cluster(scenes, step, max_gap_s)
    assert keyframes
    assert keyframes[0].scene_start_s == 0
    assert keyframes[-1].scene_end_s == pytest.approx(float(step * (len(scenes) - 1)))
    for one, other in pairwise(keyframes):
        assert one.scene_end_s == other.scene_start_s
    for k in keyframes:
        assert k.scene_start_s <= k.time_s <= k.scene_end_s
        assert k.scene_end_s - k.scene_start_s <= max_gap_s + float(step) + 1e-6
