"""Kept pictures: small, near the originals, and read by the same functions as those of earlier releases."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from cbvir_core.decode import decode_still, decode_strip, encode_still, encode_strip, kept
from cbvir_core.decode.kept import encode_kept_still, encode_kept_strip, kept_as_jpeg
from cbvir_core.types import Image
from support.scenery import PAINTERS, palette

AVIF_BRAND = slice(4, 12)


def scene(seed: int, width: int = 320, height: int = 180) -> Image:
    rng = np.random.default_rng(seed)
    return list(PAINTERS.values())[seed](rng, width, height, palette(rng))


def noise_ratio(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise in decibels."""
    return float(20 * np.log10(255 / np.sqrt(np.mean((one.astype(np.float64) - other) ** 2))))


@pytest.mark.parametrize("seed", range(4))
def test_a_still_is_smaller_than_as_jpeg_and_about_as_good(seed: int) -> None:
    picture = scene(seed)
    data, before = encode_kept_still(picture), encode_still(picture)
    assert data[AVIF_BRAND] == b"ftypavif"
    assert len(data) < 0.8 * len(before)
    assert noise_ratio(decode_still(data), picture) > noise_ratio(decode_still(before), picture) - 3
    shown = kept_as_jpeg(data)
    assert shown.startswith(b"\xff\xd8")
    assert noise_ratio(decode_still(shown), decode_still(data)) > 33
    assert kept_as_jpeg(before) == before
    assert kept_as_jpeg(b"") == b""


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 5), (512, 1)])
def test_a_still_of_any_size_comes_back(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    assert np.abs(decode_still(encode_kept_still(picture)).astype(int) - 90).max() <= 4


def test_without_an_avif_writer_stills_and_strips_are_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "has_avif", lambda: False)
    assert encode_kept_still(scene(0)) == encode_still(scene(0))
    frames = np.zeros((2, 8, 8), np.uint8)
    assert encode_kept_strip(frames) == encode_strip(frames)


def test_a_strip_is_smaller_than_as_jpeg_and_about_as_good() -> None:
    frames = np.stack([cv2.cvtColor(scene(seed, 128, 72), cv2.COLOR_RGB2GRAY) for seed in range(6)])[:, :70]
    data, before = encode_kept_strip(frames), encode_strip(frames)
    assert data[AVIF_BRAND] == b"ftypavif"
    assert len(data) < 0.75 * len(before)
    shown, shown_before = (decode_strip(one, *frames.shape[:2]) for one in (data, before))
    assert shown.shape == frames.shape
    assert noise_ratio(shown, frames) > noise_ratio(shown_before, frames) - 1


def test_a_strip_of_the_longest_scene_comes_back() -> None:
    frames = np.full((256, 128, 16), 120, np.uint8)
    assert encode_kept_strip(frames)[AVIF_BRAND] == b"ftypavif"
    assert np.abs(decode_strip(encode_kept_strip(frames), 256, 128).astype(int) - 120).max() <= 4


def test_a_strip_that_is_too_long_for_avif_is_jpeg() -> None:
    frames = np.full((300, 128, 16), 120, np.uint8)
    assert encode_kept_strip(frames) == encode_strip(frames)


def test_a_strip_of_the_release_before_is_read() -> None:
    frames = np.stack([np.full((8, 16), shade, np.uint8) for shade in (30, 90, 200)])
    whole = BytesIO()
    PillowImage.fromarray(frames.reshape(-1, 16)).save(whole, "WEBP", quality=35, method=2)
    assert np.abs(decode_strip(whole.getvalue(), 3, 8).astype(int) - frames).max() <= 4
