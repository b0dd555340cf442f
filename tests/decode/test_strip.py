"""Thumbnails, and the strip in which those of a scene are kept."""

from __future__ import annotations

from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.decode import (
    THUMBNAIL_SIDE,
    decode_still,
    decode_strip,
    encode_still,
    encode_strip,
    fit_within,
    thumbnail,
)
from cbvir_core.decode.scale import JPEG_BLOCK, Strip
from cbvir_core.errors import NotAPicture

NEAR = 2.5
"""Mean absolute difference in grey levels; measured 1.0 to 1.9 on these."""

STILL = encode_still(np.zeros((8, 8, 3), np.uint8))

START_OF_FRAME = b"\xff\xc0"
"""The marker of JPEG's segment that holds the size, from its fifth byte on."""

sides = st.integers(1, THUMBNAIL_SIDE)


def smooth(count: int, height: int, width: int, seed: int = 0) -> Strip:
    """Pictures of soft shapes, another for each number."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4), dtype=np.uint8)
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in coarse])


def back(frames: Strip) -> Strip:
    """Encoded and decoded again."""
    return decode_strip(encode_strip(frames), len(frames), frames.shape[1])


def apart(one: Strip, other: Strip) -> float:
    return float(np.abs(one.astype(int) - other).mean())


# --- strips ---


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 12), height=sides, width=sides, seed=st.integers(0, 999))
def test_a_strip_comes_back_in_its_size_whatever_that_is(
    count: int, height: int, width: int, seed: int
) -> None:
    frames = smooth(count, height, width, seed)
    again = back(frames)
    assert again.dtype == np.uint8
    assert again.shape == frames.shape


@pytest.mark.parametrize("size", [(72, 128), (71, 128), (65, 128), (128, 72), (128, 57), (9, 128)], ids=str)
@pytest.mark.parametrize("count", [1, 7, 45])
def test_each_comes_back_near_to_what_it_was(count: int, size: tuple[int, int]) -> None:
    frames = smooth(count, *size)
    for one, other in zip(back(frames), frames, strict=True):
        assert apart(one, other) < NEAR


@pytest.mark.parametrize("height", range(64, 64 + JPEG_BLOCK))
def test_frames_do_not_bleed_into_each_other(height: int) -> None:
    shades = np.array([0, 255, 0, 0, 255, 255, 0], np.uint8)
    frames = np.broadcast_to(shades[:, None, None], (7, height, 100))
    assert np.array_equal(back(frames), frames)


def test_a_strip_is_smaller_than_its_thumbnails_by_themselves() -> None:
    frames = smooth(45, 72, 128)
    assert len(encode_strip(frames)) < 0.8 * sum(len(encode_strip(frame[None])) for frame in frames)


@pytest.mark.parametrize(("count", "height"), [(6, 30), (4, 30), (5, 33), (5, 24), (0, 30), (5, 0)])
def test_a_strip_of_another_size_is_refused(count: int, height: int) -> None:
    with pytest.raises(NotAPicture, match="of that size"):
        decode_strip(encode_strip(smooth(5, 30, 40)), count, height)


def test_other_bytes_are_no_strip() -> None:
    data = encode_strip(smooth(5, 30, 40))
    for other in (b"", b"hello", data[:1], data[: len(data) // 2], data[1:], STILL):
        with pytest.raises(NotAPicture):
            decode_strip(other, 5, 30)


@settings(max_examples=200, deadline=None)
@given(places=st.dictionaries(st.integers(0, 9999), st.integers(0, 255), min_size=1, max_size=20))
def test_damage_anywhere_gives_a_strip_or_the_one_error(places: dict[int, int]) -> None:
    data = bytearray(encode_strip(smooth(5, 30, 40)))
    for place, value in places.items():
        data[place % len(data)] = value
    with suppress(NotAPicture):
        assert decode_strip(bytes(data), 5, 30).shape[:2] == (5, 30)


@pytest.mark.parametrize("encoded", [encode_strip(smooth(5, 30, 40)), STILL], ids=["strip", "still"])
def test_a_header_that_claims_billions_of_pixels_is_damage(encoded: bytes) -> None:
    size = encoded.index(START_OF_FRAME) + 5
    data = encoded[:size] + b"\xff\x00\xff\x00" + encoded[size + 4 :]
    with pytest.raises(NotAPicture):
        decode_strip(data, 5, 30)
    with pytest.raises(NotAPicture):
        decode_still(data)


# --- thumbnails ---


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 600), width=st.integers(1, 600))
def test_a_thumbnail_is_tiny_and_never_larger_than_the_picture(height: int, width: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    tiny = thumbnail(image)
    assert tiny.dtype == np.uint8
    assert tiny.shape == fit_within(image, THUMBNAIL_SIDE).shape[:2]
    assert max(tiny.shape) == min(THUMBNAIL_SIDE, max(height, width))


def test_a_thumbnail_is_the_picture_in_grey() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[:, :320] = 255, 0, 0
    image[:, 320:] = 0, 255, 0
    tiny = thumbnail(image)
    assert tiny.shape == (72, 128)
    assert np.unique(tiny[:, :64]).tolist() == [76]  # ITU-R BT.601: red is .299, green .587 of the light
    assert np.unique(tiny[:, 64:]).tolist() == [150]
