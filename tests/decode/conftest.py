"""Films whose every frame shows its own number, so that a test can read which frame it was given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from cbvir_core.types import Image

BITS = 8
CELL = 16
LARGE_BYTES = 1_000_000


def numbered(number: int, height: int = 64) -> Image:
    """A picture 128 wide: the number as eight black or white cells above a coloured, moving field."""
    picture = np.zeros((height, BITS * CELL, 3), dtype=np.uint8)
    for bit in range(BITS):
        picture[:CELL, bit * CELL : (bit + 1) * CELL] = 255 * (number >> bit & 1)
    columns = np.arange(BITS * CELL)
    picture[CELL:, :, 0] = (columns * 2 + number * 5) % 256
    picture[CELL:, :, 1] = (columns * 2 + number * 9) % 256 // 2
    picture[CELL:, :, 2] = 128
    return picture


def read_number(image: Image) -> int:
    """The number that `numbered` drew, at any scale."""
    height, width = image.shape[:2]
    row = image[height // 8 - height // 32 : height // 8 + height // 32 or None]
    cells = (row[:, int((bit + 0.5) * width / BITS)].mean() for bit in range(BITS))
    return sum(int(cell > 128) << bit for bit, cell in enumerate(cells))


@dataclass(frozen=True)
class Film:
    """What to write: `pts` in units of `time_base`, by default one picture each 1/24 s from 0."""

    name: str = "film.mp4"
    codec: str = "libx264"
    frames: int = 48
    pts: Sequence[int] = ()
    time_base: Fraction = Fraction(1, 24)
    rate: int = 24
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    sample_aspect: Fraction | None = None
    rotation: int = 0
    hflip: bool = False
    picture: Callable[[int], Image] = numbered


@contextmanager
def _ordinary_priority() -> Iterator[None]:
    """Undoes what SVT-AV1 does to the thread that encodes where it may, as root: real-time scheduling,
    which every process started later would inherit.  Networks that wait for their threads by yielding
    the processor then keep those threads from it, for minutes."""
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


def write_film(folder: Path, film: Film) -> Path:
    """The file; the test is skipped where this FFmpeg cannot encode it."""
    if film.codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no encoder {film.codec}")
    path = folder / film.name
    pts = film.pts or range(film.frames)
    first = film.picture(0)
    with _ordinary_priority(), av.open(str(path), "w", options=film.container) as output:
        stream = output.add_stream(film.codec, rate=film.rate, options=film.options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = *first.shape[:2], film.pix_fmt
        stream.codec_context.time_base = film.time_base
        if film.sample_aspect:
            stream.codec_context.sample_aspect_ratio = film.sample_aspect
        if film.rotation or film.hflip:
            stream.set_display_rotation(film.rotation, hflip=film.hflip)
        for number, when in enumerate(pts):
            frame = VideoFrame.from_ndarray(film.picture(number), "rgb24")
            frame.pts, frame.time_base = when, film.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


@pytest.fixture(params=["each kind", pytest.param("the others", marks=pytest.mark.slow)])
def clips(shared: Path, request: pytest.FixtureRequest) -> list[Path]:
    """Of the shared clips below `LARGE_BYTES` the smallest of each kind, or all others.

    They are of every container, codec and pixel format that there is; most of the others are H.264 in MP4,
    take many times as long to decode, and so are read by ``make test-slow`` alone.
    """
    files = sorted(path for path in (shared / "videos").iterdir() if path.suffix != ".md")
    small = sorted((path.stat().st_size, path) for path in files)
    kinds: dict[tuple[object, ...], Path] = {}
    for size, path in small:
        if size < LARGE_BYTES:
            kinds.setdefault(kind_of(path), path)
    chosen = set(kinds.values())
    return [path for path in files if (path in chosen) == (request.param == "each kind")]


def kind_of(path: Path) -> tuple[object, ...]:
    """Container, codec, its profile and pixel format of a file, and whether it is damaged."""
    with av.open(str(path)) as opened:
        codec = opened.streams.video[0].codec_context
        return path.suffix, codec.name, codec.profile, codec.pix_fmt, "corrupted" in path.name


@pytest.fixture
def make_film(tmp_path: Path) -> Callable[..., Path]:
    """`make_film(**fields of Film)` gives the path of a new film in a folder of the test's own."""
    return lambda **fields: write_film(tmp_path, Film(**fields))


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of H.264 in MP4 with B-frames, 24 a second, all 48 pictures numbered."""
    return write_film(tmp_path_factory.mktemp("film"), Film(options={"bf": "2", "g": "24"}))


@pytest.fixture(scope="session")
def number_of() -> Callable[[Image], int]:
    """`number_of(image)`: which frame of a made film it shows."""
    return read_number
