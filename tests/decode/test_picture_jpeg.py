"""JPEGs that are cut short, larger than the limit, or made to keep a decoder busy."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from cbvir_core.decode import jpeg_markers, picture, read_picture
from cbvir_core.decode.jpeg_markers import read_markers
from cbvir_core.errors import NotAPicture
from support.pictures import BRIGHT_SIDE, SCAN, patches, red_side, saved, scan_bomb, turned_by


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def noise(width: int = 160, height: int = 160, mode: str = "RGB") -> Pillow.Image:
    """Every part of it takes as many bytes as any other."""
    values = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Pillow.fromarray(values).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_without_its_last_tenth(mode: str) -> None:
    data = saved(noise(mode=mode), "JPEG")
    whole, read = read_picture(data), read_picture(cut(data, 0.9))
    assert read.shape == whole.shape
    assert np.array_equal(read[:120], whole[:120])
    assert np.ptp(read[-4:].astype(int), axis=(0, 1)).max() <= 1


def test_without_its_last_tenth_in_scans() -> None:
    image = patches(320, 240)
    data = saved(image, "JPEG", progressive=True, quality=95)
    assert np.abs(read_picture(cut(data, 0.9)).astype(int) - image).mean() < 6


def test_a_cut_picture_is_turned_after_it_was_judged() -> None:
    image = np.full((80, 120, 3), (40, 180, 60), np.uint8)
    image[:, :60] = (200, 40, 30)
    data = saved(image, "JPEG", exif=turned_by(6), quality=100)
    assert red_side(read_picture(cut(data, 0.97))) == BRIGHT_SIDE[6]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_hardly_anything_of_it(mode: str) -> None:
    data = saved(noise(mode=mode), "JPEG")
    assert read_picture(cut(data, 0.5)).shape == (160, 160, 3)
    for share in (0.2, 0.1, 0.05):
        with pytest.raises(NotAPicture, match=r"cut short.*save it again"):
            read_picture(cut(data, share))


def test_grey_that_is_there_is_no_damage() -> None:
    assert (read_picture(saved(Pillow.new("RGB", (64, 64), (128, 128, 128)), "JPEG")) == 128).all()


@settings(deadline=None, max_examples=100)
@given(length=st.integers(0, 20_000), progressive=st.booleans())
def test_what_a_longer_cut_shows_the_shorter_one_showed(length: int, progressive: bool) -> None:
    """A cut anywhere, also within a segment, gives the refusal or a picture of full size."""
    data = saved(patches(160, 160), "JPEG", progressive=progressive, quality=98)
    whole = read_picture(data)
    try:
        read = read_picture(data[:length])
    except NotAPicture:
        assert length < len(data) / 2
        return
    assert read.shape == whole.shape
    assert length < len(data) or np.array_equal(read, whole)


# --- larger than the limit ---


def test_a_phone_photograph_of_108_million_pixels() -> None:
    data = saved(Pillow.new("L", (12_000, 9_000), 90), "JPEG")
    read = read_picture(data)
    assert read.shape == (4_500, 6_000, 3)
    assert np.ptp(read) == 0


@pytest.mark.parametrize(("limit", "sides"), [(0.9, 2), (0.24, 4), (0.06, 8)])
def test_the_least_reduction_that_is_enough(
    limit: float, sides: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = patches(640, 480)
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", int(640 * 480 * limit))
    read = read_picture(saved(image, "JPEG", quality=95))
    assert read.shape == (480 // sides, 640 // sides, 3)
    small = Pillow.fromarray(image).resize((640 // sides, 480 // sides), Pillow.Resampling.BOX)
    assert np.abs(read.astype(int) - np.asarray(small)).mean() < 4


def test_a_reduced_picture_is_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", 20_000)
    data = saved(patches(200, 160), "JPEG", exif=turned_by(6))
    assert read_picture(data).shape == (100, 80, 3)


def test_larger_than_any_camera_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(patches(320, 240), "JPEG")
    monkeypatch.setattr(picture, "MAX_REDUCED_PIXELS", 320 * 240 - 1)
    with pytest.raises(NotAPicture, match="shrink it"):
        read_picture(data)


def test_what_must_be_held_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans are collected at full size, whatever the scale at which they are decoded then."""
    monkeypatch.setattr(picture, "MAX_COEFFICIENT_BYTES", 320 * 240 * 3 - 1)
    assert read_picture(saved(patches(320, 240), "JPEG")).shape == (240, 320, 3)
    with pytest.raises(NotAPicture, match="shrink it"):
        read_picture(saved(patches(320, 240), "JPEG", progressive=True))


# --- scans ---


@pytest.mark.parametrize(("repeats", "says"), [(2_000, "scans"), (63_000, "segments")])
def test_a_scan_bomb_is_refused_before_it_is_decoded(
    repeats: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(picture, "JpegImageFile", decoded.append)
    with pytest.raises(NotAPicture, match=rf"{says}.*save it again"):
        read_picture(scan_bomb(repeats))
    assert decoded == []


def test_many_scans_of_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan visits all pixels, so that a large picture may have fewer of them."""
    data = scan_bomb(100)
    assert read_picture(data).shape == (64, 64, 3)
    monkeypatch.setattr(picture, "MAX_SCANNED_PIXELS", 64 * 64 * 100)
    with pytest.raises(NotAPicture, match="scans"):
        read_picture(data)
    assert read_picture(saved(noise(64, 64), "JPEG", progressive=True)).shape == (64, 64, 3)


def test_more_segments_than_any_profile_needs() -> None:
    data = saved(noise(64, 64), "JPEG")
    comments = b"\xff\xfe\0\2" * (jpeg_markers.MAX_JPEG_SEGMENTS + 1)
    with pytest.raises(NotAPicture, match="segments"):
        read_picture(data[:2] + comments + data[2:])


def test_a_frame_header_that_ends_early_describes_no_picture() -> None:
    scan = b"\xff\xda\x00\x03\x01"
    for length in range(2, 8):
        header = b"\xff\xc0" + length.to_bytes(2, "big") + bytes(length - 2)
        assert read_markers(b"\xff\xd8" + header + scan + bytes(8)) is None


def test_scans_elsewhere_are_not_counted() -> None:
    """A thumbnail in a segment, and a video behind the picture, hold the same two bytes."""
    data = saved(noise(64, 64), "JPEG", comment=SCAN * 2000)
    assert read_picture(data + SCAN * 5000).shape == (64, 64, 3)
    markers = read_markers(data + SCAN * 5000)
    assert markers is not None
    assert (markers.scans, markers.complete, markers.buffered) == (1, True, False)


@settings(deadline=None, max_examples=40)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    progressive=st.booleans(),
    restart=st.integers(0, 3),
    subsampling=st.integers(0, 2),
)
def test_markers_agree_with_pillow(
    width: int, height: int, progressive: bool, restart: int, subsampling: int
) -> None:
    options = {"progressive": progressive, "restart_marker_blocks": restart, "subsampling": subsampling}
    data = saved(patches(width, height), "JPEG", **options)
    markers = read_markers(data)
    assert markers is not None
    with Pillow.open(io.BytesIO(data)) as opened:
        assert (markers.width, markers.height) == opened.size
        assert markers.buffered == bool(opened.info.get("progressive"))
    assert markers.complete
    assert markers.usable_bytes == len(data)
    assert markers.interleaved
    assert markers.coefficient_bytes == 2 * width * height * {0: 6, 1: 4, 2: 3}[subsampling] // 2
