"""Query pictures, however they were saved."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from cbvir_core.decode import picture, read_picture
from cbvir_core.errors import NotAPicture
from cbvir_core.types import Image
from support.pictures import BRIGHT_SIDE, red_side, saved, turned_by

RED, GREEN = (200, 40, 30), (40, 180, 60)


@pytest.fixture
def image() -> Image:
    """Red on the left, green on the right, 60 wide and 40 high."""
    made = np.zeros((40, 60, 3), np.uint8)
    made[:, :30], made[:, 30:] = RED, GREEN
    return made


def close(one: Image, other: Any, limit: int = 12) -> bool:
    assert one.dtype == np.uint8
    assert one.ndim == 3
    return bool(np.abs(one.astype(int) - other)[8:-8, 2:24].max() <= limit)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_formats_as_bytes_and_as_file(image: Image, tmp_path: Path, kind: str) -> None:
    data = saved(image, kind)
    path = tmp_path / "picture.any"
    path.write_bytes(data)
    assert close(read_picture(data), image)
    assert np.array_equal(read_picture(data), read_picture(path))
    assert np.array_equal(read_picture(str(path)), read_picture(path))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(image: Image, kind: str, orientation: int) -> None:
    upright = read_picture(saved(image, kind, exif=turned_by(orientation)))
    assert upright.shape == ((40, 60, 3) if orientation < 5 else (60, 40, 3))
    assert red_side(upright) == BRIGHT_SIDE[orientation]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_exif_that_is_cut_short_is_overlooked(image: Image, kind: str) -> None:
    exif = b"II*\0"
    assert close(read_picture(saved(image, kind, exif=exif)), image)


@pytest.mark.filterwarnings("ignore:.*EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_broken_exif_is_overlooked(image: Image, exif: bytes) -> None:
    assert close(read_picture(saved(image, "JPEG", exif=exif)), image)


def test_cmyk(image: Image) -> None:
    assert close(read_picture(saved(Pillow.fromarray(image).convert("CMYK"), "JPEG")), image, 20)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "RGBA"])
def test_modes_become_rgb(image: Image, mode: str) -> None:
    assert read_picture(saved(Pillow.fromarray(image).convert(mode), "PNG")).shape == (40, 60, 3)


def test_transparent_parts_show_white(image: Image) -> None:
    made = Pillow.fromarray(image)
    made.putalpha(Pillow.fromarray(np.where(np.arange(60) < 30, 0, 255).astype(np.uint8)[None].repeat(40, 0)))
    for data in (saved(made, "PNG"), saved(made, "WEBP", lossless=True)):
        result = read_picture(data)
        assert (result[:, :30] == 255).all()
        assert (result[:, 30:] == GREEN).all()


def test_a_palette_with_a_transparent_colour() -> None:
    made = Pillow.new("P", (20, 20), 1)
    made.putpalette([0, 0, 0, 10, 20, 30])
    made.paste(0, (0, 0, 10, 20))
    result = read_picture(saved(made, "PNG", transparency=0))
    assert (result[:, :10] == 255).all()
    assert (result[:, 10:] == (10, 20, 30)).all()


def test_sixteen_bits_keep_their_upper_byte() -> None:
    ramp = (np.arange(256, dtype=np.uint16) * 257)[None].repeat(32, 0)
    for kind in (".png", ".tiff"):
        grey = read_picture(cv2.imencode(kind, ramp)[1].tobytes())
        assert np.array_equal(grey[0, :, 0], np.arange(256))
        colour = read_picture(cv2.imencode(kind, np.dstack([ramp, ramp // 2, ramp // 4]))[1].tobytes())
        assert np.abs(colour[0, :, 2].astype(int) - np.arange(256)).max() <= 1
        assert np.abs(colour[0, :, 0].astype(int) - np.arange(256) // 4).max() <= 1


def test_floating_point() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(32, 0)
    assert np.abs(read_picture(saved(Pillow.fromarray(ramp), "TIFF"))[0, :, 0] - np.arange(256.0)).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_the_first_frame_of_an_animation(image: Image, kind: str) -> None:
    later = [Pillow.new("RGB", (60, 40), (0, 0, shade)) for shade in (100, 255)]
    data = saved(image, kind, save_all=True, append_images=later)
    assert close(read_picture(data), image)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
def test_a_picture_that_is_cut_short(kind: str) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    data = saved(noise, kind)
    with pytest.raises(NotAPicture):
        read_picture(data[: len(data) * 2 // 3])


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=80)
@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]),
)
def test_any_bytes_give_a_picture_or_the_one_error(head: bytes, data: bytes) -> None:
    with suppress(NotAPicture):
        assert read_picture(head + data).ndim == 3


@pytest.mark.parametrize("data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_other_bytes_are_no_picture(data: bytes) -> None:
    with pytest.raises(NotAPicture, match="the picture is in no format"):
        read_picture(data)


def test_folders_and_missing_files_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    for name, says in (("", "folder"), ("gone.png", "not there"), ("empty.png", "empty")):
        with pytest.raises(NotAPicture, match=says):
            read_picture(tmp_path / name)


def test_too_many_pixels(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(image, "PNG")
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", 60 * 40)
    assert read_picture(data).shape == (40, 60, 3)
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", 60 * 40 - 1)
    with pytest.raises(NotAPicture, match="shrink it"):
        read_picture(data)


@pytest.mark.parametrize("size", [(20_000, 10_000), (12_000, 9_000)])
def test_a_decompression_bomb_is_not_unpacked(size: tuple[int, int]) -> None:
    bomb = saved(Pillow.new("1", size), "PNG")
    assert len(bomb) < 200_000
    with pytest.raises(NotAPicture, match="shrink it"):
        read_picture(bomb)
