"""Local features: spread, few, repeatable, mirrored without a second look, and kept in bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import StoreDamaged
from cbvir_core.verify import (
    QUERY_FEATURES,
    STILL_FEATURES,
    LocalFeatures,
    describe,
    mirrored,
    pack,
    unpack,
    verify,
)
from cbvir_core.verify.features import ROOT_SIFT_STEPS, SELECTION_CELLS
from cbvir_core.verify.packing import KEPT_STEPS
from verify.clips import Clip
from verify.perturbations import mirror


def arrays(features: LocalFeatures) -> list[np.ndarray]:
    return [features.points, features.sizes, features.angles, features.rows, features.grey]


def test_features_are_deterministic_and_limited(clips: list[Clip]) -> None:
    for clip in clips:
        once, again = describe(clip.still), describe(clip.still)
        assert all(np.array_equal(a, b) for a, b in zip(arrays(once), arrays(again), strict=True))
        assert 0 < len(once) <= STILL_FEATURES.max_points
        assert once.rows.max() <= ROOT_SIFT_STEPS
        assert max(once.grey.shape) <= STILL_FEATURES.grey_side


def test_features_are_spread(clips: list[Clip]) -> None:
    few = replace(STILL_FEATURES, max_points=64)
    for clip in clips:
        size = np.array([clip.still.shape[1], clip.still.shape[0]]) / SELECTION_CELLS

        def cells(features: LocalFeatures, size: np.ndarray = size) -> set[tuple[int, ...]]:
            return set(map(tuple, (features.points // size).astype(int)))

        everywhere = cells(clip.still_features)
        assert len(cells(describe(clip.still, few))) >= min(len(everywhere), few.max_points // 2) * 0.8


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (31, 200), (360, 640)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_and_tiny_pictures_have_none(shape: tuple[int, int], value: int) -> None:
    features = describe(np.full((*shape, 3), value, np.uint8))
    assert len(features) == 0
    assert len(unpack(pack(features))) == len(mirrored(features)) == 0


def test_tiny_picture_with_content_has_none() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    assert len(describe(noise, QUERY_FEATURES)) == 0


def test_a_shrunk_picture_keeps_its_own_pixels(clips: list[Clip]) -> None:
    frame = clips[1].frame
    features = describe(frame, replace(STILL_FEATURES, long_side=320))
    assert (features.width, features.height) == (frame.shape[1], frame.shape[0])
    assert features.points[:, 0].max() > frame.shape[1] * 0.8


def test_mirrored_features_are_those_of_the_mirrored_picture(clips: list[Clip]) -> None:
    everything = replace(STILL_FEATURES, max_points=100_000)
    for clip in clips[:2]:
        turned = mirrored(describe(clip.still, everything))
        looked = describe(mirror(clip.still), everything)
        apart = np.linalg.norm(turned.points[:, None] - looked.points, axis=2)
        angle = np.abs((turned.angles[:, None] - looked.angles + 180) % 360 - 180)
        size = np.abs(np.log2(turned.sizes[:, None] / looked.sizes))
        same = (apart < 0.5) & (angle < 5) & (size < 0.1)
        found = same.any(axis=1)
        assert found.mean() > 0.6
        a = turned.rows[found].astype(float)
        b = looked.rows[same[found].argmax(axis=1)].astype(float)
        cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert np.median(cosine) > 0.98


def test_mirrored_twice_is_the_same(clips: list[Clip]) -> None:
    for clip in clips:
        back = mirrored(mirrored(clip.still_features))
        assert np.array_equal(back.rows, clip.still_features.rows)
        assert np.array_equal(back.grey, clip.still_features.grey)
        assert np.allclose(back.points, clip.still_features.points, atol=1e-3)


def test_packing_keeps_what_matters(clips: list[Clip]) -> None:
    for clip in clips:
        features = describe(clip.still)
        data = pack(features)
        back = unpack(data)
        assert len(data) < 10_000
        assert (back.width, back.height) == (features.width, features.height)
        assert np.abs(back.rows.astype(int) - features.rows).max() <= ROOT_SIFT_STEPS // KEPT_STEPS // 2
        assert np.abs(back.points - features.points).max() < 0.04
        assert np.abs(np.log2(back.sizes / features.sizes)).max() < 0.04
        assert np.abs((back.angles - features.angles + 180) % 360 - 180).max() < 0.8
        assert np.abs(back.grey.astype(int) - features.grey).max() <= 1


OLDER_ROWS = np.stack([np.arange(128) % 8, np.where(np.arange(128) % 16 == 0, 7, 0)])
"""Rows of two points, in the 7 steps of earlier releases."""

OLDER_POINTS = "105529ffa1556d103000c0"
OF_EARLIER_LAYOUTS = {
    "a byte for an element": "01400030000200020003000c00000000"
    + OLDER_POINTS
    + "1300000063606462666165636718209a9d0115d0"
    "9b0f000800000063e0e7d7e5e70700",
    "a byte for two": "02400030000200020003000c00000000"
    + OLDER_POINTS
    + "3800000005c1010100300c0220ccb00c66f0fd931d72"
    "5daecb75b92ed7e5ba5c97eb725daecb75b92ed7e5ba5c97eb1ee0011ee0011ee0011ee0013e0800000063e0e7d7e5e70700",
}
"""What earlier releases kept of those two points of a picture of 64 x 48, with a grey copy of 3 x 2."""


@pytest.mark.parametrize("name", OF_EARLIER_LAYOUTS)
def test_features_of_earlier_layouts_are_read(name: str) -> None:
    features = unpack(bytes.fromhex(OF_EARLIER_LAYOUTS[name]))
    assert features.size == (64, 48)
    assert np.allclose(features.points, [[3.5, 7.25], [40.0, 20.0]], atol=0.001)
    assert features.sizes.tolist() == [2, 8]
    assert features.angles.tolist() == [0, 270]
    assert np.array_equal(features.rows, OLDER_ROWS * (ROOT_SIFT_STEPS // 7))
    assert features.grey.tolist() == [[1, 31, 61], [91, 121, 151]]
    assert len(unpack(pack(features))) == 2


def test_rows_of_7_steps_match_queries_as_those_of_3_do(clips: list[Clip]) -> None:
    for clip in clips:
        kept = clip.still_features
        finer = np.rint(describe(clip.still).rows / 3).astype(np.uint8) * 3
        found, former = (verify(clip.frame_features, one) for one in (kept, replace(kept, rows=finer)))
        assert found is not None
        assert former is not None
        assert abs(found.inliers - former.inliers) <= 0.2 * former.inliers + 2


@given(st.integers(0, 40), st.integers(1, 3000), st.integers(1, 3000), st.integers(0, 2**32 - 1))
def test_packing_is_stable(count: int, width: int, height: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    features = LocalFeatures(
        width=width,
        height=height,
        points=(chance.random((count, 2)) * (width, height) - 0.5).astype(np.float32),
        sizes=chance.uniform(1, 500, count).astype(np.float32),
        angles=chance.uniform(0, 360, count).astype(np.float32),
        rows=chance.integers(0, ROOT_SIFT_STEPS + 1, (count, 128), dtype=np.uint8),
        grey=chance.integers(0, 256, (min(height, 64), min(width, 64)), dtype=np.uint8),
    )
    once = unpack(pack(features))
    assert pack(unpack(pack(once))) == pack(once)
    assert np.array_equal(unpack(pack(once)).rows, once.rows)


@given(st.data())
def test_damaged_bytes_are_said_to_be_damaged(data: st.DataObject) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = bytearray(pack(describe(noise, replace(STILL_FEATURES, max_points=20))))
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = bytes(whole[:at])
        with pytest.raises(StoreDamaged):
            unpack(broken)
        return
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        features = unpack(bytes(whole))
    except StoreDamaged:
        return
    assert features.rows.shape == (len(features), 128)
