"""Query pictures in AVIF, HEIC and JPEG 2000, and the order in which a picture is asked for its format."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from pillow_heif import encode

from cbvir_core.decode import read_picture
from cbvir_core.errors import NotAPicture
from support.pictures import BRIGHT_SIDE, patches, red_side, saved, turned_by

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "HEIF", "JPEG2000")
SIZE = (96, 64)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG2000"])
@pytest.mark.parametrize("size", [(96, 64), (97, 65), (1, 1)])
def test_the_picture_that_was_saved(kind: str, size: tuple[int, int]) -> None:
    image = patches(*size)
    read = read_picture(saved(image, kind))
    assert read.shape == image.shape
    assert read.dtype == np.uint8
    assert np.abs(read.astype(int) - image).mean() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("as_object", [False, True])
def test_it_is_turned_once(kind: str, orientation: int, as_object: bool) -> None:
    """Both turn by properties of their own, which EXIF repeats; HEIC saved with an object has EXIF alone."""
    image = np.full((40, 60, 3), (40, 180, 60), np.uint8)
    image[:, :30] = (200, 40, 30)
    exif = turned_by(orientation)
    data = saved(image, kind, exif=exif if as_object else exif.tobytes())
    assert (b"irot" in data or b"imir" in data) == (orientation > 1 and (kind == "AVIF" or not as_object))
    upright = read_picture(data)
    assert upright.shape == ((40, 60, 3) if orientation < 5 else (60, 40, 3))
    assert red_side(upright) == BRIGHT_SIDE[orientation]


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG2000"])
def test_transparent_parts_show_white(kind: str) -> None:
    made = Pillow.new("RGBA", SIZE, (40, 180, 60, 255))
    made.paste((0, 0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    read = read_picture(saved(made, kind)).astype(int)
    assert read[:, : SIZE[0] // 2 - 8].min() > 240
    assert np.abs(read[:, SIZE[0] // 2 + 8 :] - (40, 180, 60)).max() < 12


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG2000"])
def test_grey(kind: str) -> None:
    grey = Pillow.fromarray(patches(*SIZE)).convert("L")
    read = read_picture(saved(grey, kind)).astype(int)
    assert np.abs(read - np.asarray(grey)[:, :, np.newaxis]).mean() < 8


def heic_of_ten_bits(wide: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> bytes:
    data = io.BytesIO()
    encode("RGB;16", (wide.shape[1], wide.shape[0]), wide.tobytes(), data, quality=-1, chroma=444)
    return data.getvalue()


def test_ten_bits_keep_their_upper_eight() -> None:
    image = patches(*SIZE)
    read = read_picture(heic_of_ten_bits(image.astype(np.uint16) * np.uint16(256)))
    assert np.abs(read.astype(int) - image).mean() < 2


def test_sixteen_bits_of_jpeg_2000() -> None:
    ramp = (np.arange(256, dtype=np.uint16) * 257)[None].repeat(64, 0)
    read = read_picture(saved(Pillow.fromarray(ramp), "JPEG2000"))
    assert np.abs(read[:, :, 0].astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_the_common_brand_alone_is_enough(kind: str) -> None:
    """Files may name the container first, and their codec among the compatible brands only."""
    data = saved(patches(*SIZE), kind)
    assert data[4:8] == b"ftyp"
    renamed = data[:8] + b"mif1" + data[12:]
    assert np.array_equal(read_picture(renamed), read_picture(data))


def test_a_video_is_no_picture() -> None:
    with pytest.raises(NotAPicture, match="AVIF or HEIC"):
        read_picture(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(200))


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_cut_short_is_said_to_be(kind: str, share: float) -> None:
    data = saved(patches(400, 300), kind)
    with pytest.raises(NotAPicture, match=r"damaged or cut short.*save it again"):
        read_picture(data[: int(len(data) * share)])


@cache
def sample(kind: str) -> bytes:
    return saved(patches(*SIZE), kind)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=150)
@given(kind=st.sampled_from(FORMATS), share=st.floats(0, 1))
def test_a_cut_gives_a_picture_or_the_one_error(kind: str, share: float) -> None:
    data = sample(kind)
    with suppress(NotAPicture):
        assert read_picture(data[: int(share * len(data))]).shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=300)
@given(
    kind=st.sampled_from(FORMATS),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
def test_damage_gives_a_picture_or_the_one_error(kind: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(sample(kind))
    for place, value in changes:
        data[int(place * len(data))] = value
    with suppress(NotAPicture):
        assert read_picture(bytes(data)).ndim == 3
