"""A part of a film, sought and read, is the same part of the film read whole."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from cbvir_core.decode import read_frames
from cbvir_core.decode.span import SpanReader, seekable
from cbvir_core.errors import FileChanged, FileUnreadable
from cbvir_core.types import Frame, Image

MakeFilm = Callable[..., Path]
Seen = tuple[float, int]

SHORT_GOPS = "log-level=none:pools=1:frame-threads=1:keyint=20:min-keyint=20:open-gop=1:bframes=4"
IRREGULAR = [n * 40 + n * n % 31 for n in range(120)]

FILMS: dict[str, dict[str, object]] = {
    "closed": {"options": {"bf": "2", "g": "20"}},
    "open": {"options": {"x264-params": "open-gop=1:keyint=20:min-keyint=20:bframes=4:b-pyramid=normal"}},
    "open-mkv": {"name": "a.mkv", "options": {"x264-params": "open-gop=1:keyint=20:bframes=4"}},
    "open-ts": {"name": "a.ts", "options": {"x264-params": "open-gop=1:keyint=20:bframes=4"}},
    "defaults": {"frames": 240},
    "fixed-gop": {"frames": 300, "options": {"g": "250", "keyint_min": "250", "sc_threshold": "0"}},
    "asp": {"codec": "mpeg4", "options": {"bf": "2", "g": "60", "flags": "+qpel+mv4"}},
    "intra": {"options": {"g": "1"}},
    "refresh": {"options": {"x264-params": "intra-refresh=1:keyint=24:bframes=2"}},
    "one-key": {"options": {"g": "1000", "sc_threshold": "0"}},
    "negative": {"pts": list(range(-9, 111)), "options": {"bf": "2", "g": "20"}},
    "late": {"name": "a.mkv", "pts": list(range(300, 420)), "options": {"g": "20"}},
    "irregular": {"pts": IRREGULAR, "time_base": Fraction(1, 1000), "options": {"g": "16", "bf": "2"}},
    "irregular-mkv": {
        "name": "a.mkv",
        "pts": IRREGULAR,
        "time_base": Fraction(1, 1000),
        "options": {"g": "16"},
    },
    "unindexed-mkv": {"name": "a.mkv", "options": {"g": "20"}, "container": {"live": "1"}},
    "fragments": {"options": {"g": "20", "bf": "2"}, "container": {"movflags": "frag_keyframe+empty_moov"}},
    "ts": {"name": "a.ts", "options": {"bf": "2", "g": "20"}},
    "mpg": {"name": "a.mpg", "codec": "mpeg2video", "options": {"bf": "2", "g": "20"}},
    "ts-mpeg2": {"name": "a.ts", "codec": "mpeg2video", "options": {"bf": "2", "g": "20"}},
    "avi-mpeg4": {"name": "a.avi", "codec": "mpeg4", "options": {"bf": "2", "g": "20"}},
    "avi-h264": {"name": "a.avi", "options": {"bf": "2", "g": "20"}},
    "avi-mjpeg": {"name": "a.avi", "codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "flv": {"name": "a.flv", "options": {"bf": "2", "g": "20"}},
    "asf": {"name": "a.wmv", "codec": "wmv2", "options": {"g": "20"}},
    "nut": {"name": "a.nut", "codec": "mpeg4", "options": {"bf": "2", "g": "20"}},
    "mpg-long": {"name": "a.mpg", "codec": "mpeg2video", "frames": 250, "options": {"bf": "2", "g": "15"}},
    "mpg-vob": {"name": "a.vob", "codec": "mpeg2video", "frames": 250, "options": {"bf": "2", "g": "15"}},
    "mxf": {"name": "a.mxf", "codec": "mpeg2video", "rate": 25, "time_base": Fraction(1, 25)},
    "raw": {"name": "a.h264", "options": {"bf": "2", "g": "20"}},
    "hevc": {"codec": "libx265", "options": {"x265-params": SHORT_GOPS}},
    "vp9": {
        "name": "a.webm",
        "codec": "libvpx-vp9",
        "options": {"g": "20", "cpu-used": "8", "lag-in-frames": "12"},
    },
    "hevc-long": {
        "frames": 300,
        "codec": "libx265",
        "options": {"x265-params": "log-level=none:pools=1:frame-threads=1:keyint=250:bframes=4"},
    },
    "vp8": {
        "name": "a.webm",
        "codec": "libvpx",
        "options": {"g": "20", "cpu-used": "8", "auto-alt-ref": "1"},
    },
    "av1": {
        "name": "a.mkv",
        "codec": "libsvtav1",
        "options": {"preset": "12", "g": "20", "svtav1-params": "lp=1"},
    },
}


def sum_of(frame: Frame) -> Seen:
    return frame.time_s, zlib.crc32(frame.image.tobytes())


def whole(path: Path, side: int | None = None) -> list[Seen]:
    with read_frames(path, samples_per_s=None, mode="every", max_side=side) as reader:
        return [sum_of(frame) for frame in reader]


def part(path: Path, start_s: float, end_s: float, side: int | None = None) -> list[Seen]:
    with SpanReader(path, start_s, end_s, max_side=side) as reader:
        return [sum_of(frame) for frame in reader]


def some_spans(frames: Sequence[Seen], count: int) -> list[tuple[float, float]]:
    """The first, the last, and others by chance, of up to 12 frames."""
    chance = random.Random(len(frames))
    firsts = [0, len(frames) - 1, *(chance.randrange(len(frames)) for _ in range(count))]
    lasts = [min(len(frames) - 1, first + chance.randrange(12)) for first in firsts]
    return [(frames[first][0], frames[last][0]) for first, last in zip(firsts, lasts, strict=True)]


@pytest.mark.parametrize("kind", FILMS)
def test_a_part_is_what_the_whole_film_shows_there(make_film: MakeFilm, kind: str) -> None:
    path = make_film(**{"frames": 120, **FILMS[kind]})
    frames = whole(path)
    assert len(frames) > 100
    for start_s, end_s in some_spans(frames, 12):
        expected = [frame for frame in frames if start_s <= frame[0] <= end_s]
        assert part(path, start_s, end_s) == expected, (start_s, end_s)


def test_parts_of_every_shared_clip(clips: list[Path]) -> None:
    for path in clips:
        frames = whole(path, 32)
        for start_s, end_s in some_spans(frames, 1)[2:]:
            expected = [frame for frame in frames if start_s <= frame[0] <= end_s]
            found = part(path, start_s, end_s, 32)
            assert [time_s for time_s, _ in found] == [time_s for time_s, _ in expected], path
            # What a decoder paints over damage depends on where it began.
            assert found == expected or "corrupted" in path.name, path


def test_the_nearest_key_frame_is_where_decoding_begins(make_film: MakeFilm) -> None:
    """Seeks in a transport stream lead to a packet, not to a key frame."""
    options = {"g": "24", "keyint_min": "24", "sc_threshold": "0", "bf": "0"}
    path = make_film(name="a.ts", frames=240, options=options)
    for number in (30, 100, 170, 230):
        with SpanReader(path, number / 24, number / 24 + 0.001) as reader:
            assert len(list(reader)) == 1
        assert reader.decoded <= number % 24 + 3, number


@pytest.mark.parametrize("kind", ["closed", "open", "open-mkv", "ts", "avi-mpeg4", "hevc", "mpg", "mxf"])
def test_only_what_is_needed_is_decoded(make_film: MakeFilm, kind: str) -> None:
    path = make_film(**{"frames": 120, **FILMS[kind]})
    with SpanReader(path, 4.0, 4.2) as reader:
        assert 5 <= len(list(reader)) <= 6
    assert seekable(reader.info) is (kind not in ("mpg", "mxf"))
    assert reader.decoded < 50


def joined(first: Path, second: Path, path: Path) -> Path:
    path.write_bytes(first.read_bytes() + second.read_bytes())
    return path


@pytest.mark.parametrize(("kind", "codec"), [("ts", "libx264"), ("mpg", "mpeg2video")])
def test_a_joined_recording_is_read_from_its_start(
    make_film: MakeFilm, tmp_path: Path, kind: str, codec: str
) -> None:
    one = make_film(name=f"one.{kind}", codec=codec, frames=60, options={"g": "20"})
    two = make_film(name=f"two.{kind}", codec=codec, frames=90, options={"g": "20"})
    path = joined(one, two, tmp_path / f"both.{kind}")
    frames = whole(path)
    assert len(frames) == 150
    for start_s, end_s in some_spans(frames, 6):
        assert part(path, start_s, end_s) == [frame for frame in frames if start_s <= frame[0] <= end_s]
    with SpanReader(path, 1.0, 1.2) as reader:
        assert not seekable(reader.info)


def test_intra_frames_alone(make_film: MakeFilm) -> None:
    path = make_film(frames=120, options={"g": "20", "sc_threshold": "0"})
    with SpanReader(path, 1.0, 4.0, only_keys=True) as reader:
        assert [round(frame.time_s * 24) for frame in reader] == [40, 60, 80]


def test_damage_before_the_part(make_film: MakeFilm) -> None:
    path = make_film(name="a.ts", frames=120, options={"g": "20", "bf": "2"})
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 2000] = os.urandom(2000)
    path.write_bytes(data)
    frames = whole(path)
    found = part(path, *(frames[-30][0], frames[-5][0]))
    assert [time_s for time_s, _ in found] == [time_s for time_s, _ in frames[-30:-4]]


def test_a_span_without_frames(make_film: MakeFilm) -> None:
    path = make_film(options={"g": "20"})
    assert part(path, 100.0, 101.0) == []
    assert part(path, 1.001, 1.002) == []


def test_files_that_go_or_change(make_film: MakeFilm) -> None:
    path = make_film(options={"g": "20"})
    with SpanReader(path, 0.5, 1.0) as reader:
        next(reader)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(FileChanged):
            list(reader)
    path.unlink()
    with pytest.raises(FileUnreadable):
        SpanReader(path, 0.5, 1.0)


def test_closing_in_the_middle(make_film: MakeFilm) -> None:
    reader = SpanReader(make_film(), 0.5, 1.5)
    image: Image = next(reader).image
    reader.close()
    assert image.shape == (64, 128, 3)
    assert list(reader) == []
