"""SOLAR descriptors of keyframes: computed once and kept, and compared with the best variant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cbvir_core.errors import DiskFull
from cbvir_core.search.refine import DESCRIPTORS_MADE, Refiner, refined_cosines
from cbvir_core.search.shortlist import NearestKeyframes
from cbvir_core.search.variants import variants_of
from cbvir_core.store import Generation, Store
from cbvir_core.types import Image, Rows, VideoId
from support.candidates import SHADES, shade


class Brightness:
    """An encoder whose descriptor is an angle that the mean brightness gives."""

    dim = 2
    fingerprint = "brightness"
    delay = None

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, images: Sequence[Image]) -> Rows:
        self.encoded += len(images)
        angles = np.array([image.mean() / 255.0 for image in images])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def nearest(rows: list[int]) -> NearestKeyframes:
    distances = np.linspace(0.1, 0.5, len(rows)).astype(np.float32)
    return NearestKeyframes(np.array(rows), distances, np.zeros(len(rows), np.int64))


def test_missing_rows_are_computed_once_and_kept(store: Store, generation: Generation) -> None:
    encoder = Brightness()
    refiner = Refiner(store, generation, encoder)
    wanted = nearest(list(range(1, 2 * SHADES + 1)))
    for turn in range(1, 2 * SHADES // DESCRIPTORS_MADE + 2):
        rows, known = refiner.keyframe_rows(wanted)
        assert known.sum() == min(turn * DESCRIPTORS_MADE, 2 * SHADES)
        assert known[: known.sum()].all()  # the nearest first
        expected = Brightness().encode([shade(20 * (n % SHADES)) for n in range(2 * SHADES)])
        np.testing.assert_allclose(rows[known], expected[known], atol=2e-3)
    assert encoder.encoded == store.counts().refined == 2 * SHADES


def test_a_full_disk_does_not_spoil_the_answer(
    store: Store, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise DiskFull("no room")

    monkeypatch.setattr(store, "put_refine", full)
    _, known = Refiner(store, generation, Brightness()).keyframe_rows(nearest([1, 2]))
    assert known.all()
    assert store.counts().refined == 0


def test_a_forgotten_candidate_has_no_descriptor(store: Store, generation: Generation) -> None:
    store.forget(VideoId("aa"))
    rows, known = Refiner(store, generation, Brightness()).keyframe_rows(nearest([1, 13, 2]))
    assert known.tolist() == [False, True, False]
    assert rows.shape == (3, 2)
    gone = Refiner(store, generation, Brightness()).keyframe_rows(nearest([1, 2]))
    refined = refined_cosines(np.array([0]), np.ones((1, 2), np.float32), *gone)
    assert not refined.known.any()


def test_the_nearest_two_variants_are_refined(store: Store, generation: Generation) -> None:
    page = shade(0)
    page[10:26] = np.random.default_rng(0).integers(100, 256, (16, 64, 3))
    variants = variants_of(page)
    assert len(variants) == 4
    found = NearestKeyframes(
        np.arange(1, 5), np.array([0.1, 0.2, 0.3, 0.4], np.float32), np.array([3, 3, 1, 0])
    )
    numbers, rows = Refiner(store, generation, Brightness()).query_rows(variants, found)
    assert numbers.tolist() == [3, 1]
    assert rows.shape == (2, 2)


def test_the_best_variant_wins_and_ties_go_to_the_first() -> None:
    queries = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], np.float32)
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    refined = refined_cosines(np.array([3, 2, 0]), queries, rows, np.array([True, True]))
    assert refined.variants.tolist() == [0, 3]
    np.testing.assert_allclose(refined.cosines, [1.0, 1.0])
