"""Local features: spread, few, repeatable, mirrored without a second look, and kept in bytes."""

from __future__ import annotations

import struct
import zlib
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
    packing,
    unpack,
)
from cbvir_core.verify.features import ROOT_SIFT_STEPS, SELECTION_CELLS
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
        assert len(data) < 16_000
        assert (back.width, back.height) == (features.width, features.height)
        assert np.array_equal(back.rows, features.rows)
        assert np.abs(back.points - features.points).max() < 0.01
        assert np.abs(np.log2(back.sizes / features.sizes)).max() < 0.04
        assert np.abs((back.angles - features.angles + 180) % 360 - 180).max() < 0.8
        assert np.abs(back.grey.astype(int) - features.grey).max() <= 1


def test_features_of_the_first_layout_are_read(clips: list[Clip]) -> None:
    features = describe(clips[0].still)
    data = pack(features)
    points_end = packing.PACKED_HEADER.size + 4 + 6 * len(features)
    (length,) = struct.unpack_from("<I", data, points_end)
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    rows = coder.compress(features.rows.tobytes()) + coder.flush()
    first = b"\1" + data[1:points_end] + struct.pack("<I", len(rows)) + rows + data[points_end + 4 + length :]
    assert np.array_equal(unpack(first).rows, features.rows)
    assert pack(unpack(first)) == data
    assert len(data) < 0.97 * len(first)


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
    assert np.array_equal(once.rows, features.rows)


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
