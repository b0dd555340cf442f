"""Animations that begin with nothing, and pictures of impossible sides."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from cbvir_core.decode import picture, read_picture
from cbvir_core.decode.animation import shown_frame
from cbvir_core.decode.blank import is_blank
from cbvir_core.errors import NotAPicture
from cbvir_core.types import Image
from support.pictures import patches, saved

SIZE = (160, 120)
BLACK = Pillow.new("RGB", SIZE)
LOSSLESS: dict[str, dict[str, Any]] = {"GIF": {}, "PNG": {}, "WEBP": {"lossless": True}}


def animated(kind: str, frames: list[Pillow.Image]) -> bytes:
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=40, **LOSSLESS[kind])


def dimmed(image: Image, share: float) -> Image:
    return (image * share).astype(np.uint8)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_the_first_frame_that_shows_something(kind: str) -> None:
    image, other = patches(*SIZE), patches(*SIZE, seed=2)
    data = animated(kind, [BLACK, Pillow.new("RGB", SIZE, (9, 9, 9)), *map(Pillow.fromarray, (image, other))])
    assert np.abs(read_picture(data).astype(int) - image).mean() < 12  # GIF has 256 colours


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_first_frame_that_shows_something_stays(kind: str) -> None:
    image = patches(*SIZE)
    faint = Pillow.fromarray(dimmed(image, 0.2))
    read = read_picture(animated(kind, [faint, Pillow.fromarray(image)]))
    assert np.abs(read.astype(int) - np.asarray(faint)).mean() < 4


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_fade_is_followed(kind: str) -> None:
    image = patches(*SIZE)
    frames = [Pillow.fromarray(dimmed(image, step / 25)) for step in range(26)]
    read = read_picture(animated(kind, frames))
    assert np.corrcoef(read.ravel(), image.ravel())[0, 1] > 0.97
    assert read.std() > 0.7 * image.std()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_nothing_in_any_frame_is_the_first_frame(kind: str) -> None:
    shades = [Pillow.new("RGB", SIZE, (shade, shade, shade)) for shade in (0, 90, 180)]
    assert (read_picture(animated(kind, shades)) == 0).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_damage_after_a_blank_frame_leaves_that_frame(kind: str) -> None:
    data = animated(kind, [BLACK, Pillow.fromarray(patches(*SIZE))])
    assert len(data) > 1000
    assert (read_picture(data[:-500]) == 0).all()


def test_so_many_frames_are_looked_at_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    shades = [Pillow.new("RGB", SIZE, (number % 2 * 9,) * 3) for number in range(8)]
    data = animated("GIF", [*shades, Pillow.fromarray(patches(*SIZE))])
    assert not is_blank(read_picture(data))
    monkeypatch.setattr(picture, "MAX_ANIMATION_FRAMES", 8)
    assert is_blank(read_picture(data))
    monkeypatch.setattr(picture, "MAX_ANIMATION_FRAMES", 9)
    assert not is_blank(read_picture(data))
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", 9 * SIZE[0] * SIZE[1] - 1)
    assert is_blank(read_picture(data))


def test_pages_are_no_moments() -> None:
    pages = saved(BLACK, "TIFF", save_all=True, append_images=[Pillow.fromarray(patches(*SIZE))])
    assert is_blank(read_picture(pages))


@given(st.lists(st.sampled_from([0.0, 0.05, 0.3, 1.0]), min_size=1, max_size=8))
def test_the_frame_is_one_of_those_given_and_blank_only_if_all_are(shares: list[float]) -> None:
    frames = [dimmed(patches(*SIZE), share) for share in shares]
    taken: list[Image] = []

    def given_out() -> Iterator[Image]:
        for frame in frames:
            taken.append(frame)
            yield frame

    chosen = shown_frame(given_out())
    assert any(chosen is frame for frame in taken)
    assert is_blank(chosen) == all(map(is_blank, frames))
    assert (len(taken) == 1) == (len(frames) == 1 or not is_blank(frames[0]))


# --- sides ---


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", size), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("size", [(99_999_999, 1), (1, 99_999_999), (70_000, 2), (2, 70_000)])
def test_a_picture_like_a_thread_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(NotAPicture, match="shrink it"):
        read_picture(png_header(*size))


def test_the_longest_side_is_read() -> None:
    assert read_picture(saved(Pillow.new("L", (65_535, 1), 90), "PNG")).shape == (1, 65_535, 3)
