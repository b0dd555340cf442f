"""Files that are read while they grow: what is read, when they have ended, and what they are then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbvir_core.decode import SpanReader, fingerprint, is_growing, probe, read_frames
from cbvir_core.decode.growing import GROWTH_POLL_S
from cbvir_core.decode.identity import GROWING_HEAD_BYTES
from cbvir_core.errors import FileChanged, FileUnreadable, NotAVideo
from cbvir_core.types import Frame, Image
from support.growing import QUIET_S, AppendedFile

FOLLOWED: dict[str, dict[str, object]] = {
    "mpegts": {"name": "film.ts"},
    "live matroska": {"name": "film.mkv", "container": {"live": "1"}},
    "flv": {"name": "film.flv"},
    "fragmented mp4": {"name": "film.mp4", "container": {"movflags": "frag_keyframe+empty_moov"}},
    "mpeg program stream": {"name": "film.mpg", "codec": "mpeg2video", "rate": 25},
}
WHOLE_ALONE: dict[str, dict[str, object]] = {
    "mp4 with its index at the end": {"name": "film.mp4"},
    "avi": {"name": "film.avi"},
}

pieces_of_a_file = st.lists(st.integers(1, 5_000), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.binary(max_size=300), pieces=st.lists(st.integers(0, 60), max_size=10), count=st.integers(1, 70)
)
def test_every_byte_is_read_once_and_the_end_comes_when_nothing_does(
    tmp_path: Path, data: bytes, pieces: list[int], count: int
) -> None:
    data = b"begun" + data
    written = AppendedFile(tmp_path / "file", data, [5, *pieces])
    read = b""
    with written.open() as file:
        while more := file.read_at(len(read), count):
            read += more
        quiet_since = written.now - QUIET_S
        finished = file.finished()
    assert read == data
    assert quiet_since >= 0
    assert written.now <= (len(pieces) + 2) * GROWTH_POLL_S + QUIET_S
    assert finished.video_id == fingerprint(written.path)
    assert (finished.size_bytes, finished.mtime_ns) == (len(data), written.path.stat().st_mtime_ns)


def test_a_pause_that_is_shorter_than_the_wait_is_no_end(tmp_path: Path) -> None:
    pauses = [0] * (int(QUIET_S / GROWTH_POLL_S) - 1)
    written = AppendedFile(tmp_path / "file", b"one, two, three", [5, *pauses, 5, *pauses, 5])
    with written.open() as file:
        assert file.head(0, 100) == b"one, two, three"


def test_what_has_ended_stays_ended_and_growing_on_is_told(tmp_path: Path) -> None:
    written = AppendedFile(tmp_path / "file", b"the whole", [9])
    with written.open() as file:
        assert file.head(0, 100) == b"the whole"
        with written.path.open("ab") as writer:
            writer.write(b" and more")
        assert file.head(0, 100) == b"the whole"
        assert file.read_at(9, 10) == b""
        with pytest.raises(FileChanged):
            file.finished()


def test_a_file_that_has_not_ended_is_nothing_finished(tmp_path: Path) -> None:
    written = AppendedFile(tmp_path / "file", b"the whole", [4])
    with written.open() as file, pytest.raises(FileChanged):
        file.finished()


def test_the_reader_is_told_of_each_wait(tmp_path: Path) -> None:
    written, waits = AppendedFile(tmp_path / "file", b"abc", [1, 0, 1, 1]), list[float]()
    with written.open() as file:
        file._waiting = lambda: waits.append(written.now)
        assert file.head(0, 3) == b"abc"
    assert len(waits) == 3


def test_a_rename_changes_nothing(tmp_path: Path) -> None:
    written = AppendedFile(tmp_path / "file", b"one two", [4])
    with written.open() as file:
        before = file.video_id()
        written.path = written.path.rename(tmp_path / "renamed")
        assert file.head(0, 7) == b"one two"
    with written.open() as file:
        assert file.video_id() == before


@pytest.mark.parametrize("size", [0, 3])
def test_a_file_that_is_cut_short_is_another_one(tmp_path: Path, size: int) -> None:
    written = AppendedFile(tmp_path / "file", b"one two", [7])
    with written.open() as file:
        assert file.read_at(0, 7) == b"one two"
        with written.path.open("r+b") as writer:
            writer.truncate(size)
        with pytest.raises(FileChanged):
            file.read_at(7, 1)


def test_a_file_that_is_deleted_is_gone(tmp_path: Path) -> None:
    written = AppendedFile(tmp_path / "file", b"one two", [4])
    with written.open() as file:
        written.path.unlink()
        written.left = b""
        assert file.read_at(0, 4) == b"one "
        written.append = lambda count: None  # type: ignore[method-assign]
        with pytest.raises(FileUnreadable):
            file.read_at(4, 1)


@pytest.mark.parametrize("kind", FOLLOWED)
def test_frames_are_those_of_the_whole_file(
    make_film: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    whole = make_film(
        frames=72, options={"bf": "2", "g": "12"} if kind != "flv" else {"g": "12"}, **FOLLOWED[kind]
    )
    data = whole.read_bytes()
    with read_frames(whole, samples_per_s=None, mode="every") as frames:
        expected = list(frames)

    @settings(max_examples=8, deadline=None)
    @given(pieces=pieces_of_a_file)
    def in_pieces(pieces: list[int]) -> None:
        written = AppendedFile(tmp_path / f"growing{whole.suffix}", data, pieces)
        with (
            written.open() as file,
            read_frames(written.path, samples_per_s=None, mode="every", growing=file) as frames,
        ):
            assert is_growing(frames.info.video_id)
            assert_same(list(frames), expected)
            assert file.finished().video_id == fingerprint(whole)

    in_pieces()


def assert_same(frames: list[Frame], expected: list[Frame]) -> None:
    assert [frame.time for frame in frames] == [frame.time for frame in expected]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(frames, expected, strict=True))


@pytest.mark.parametrize("kind", WHOLE_ALONE)
def test_what_can_be_read_only_whole_is_refused(
    make_film: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    whole = make_film(**WHOLE_ALONE[kind])
    written = AppendedFile(tmp_path / f"growing{whole.suffix}", whole.read_bytes(), [4_000])
    with written.open() as file, pytest.raises(NotAVideo, match="only when it is whole"):
        probe(written.path, growing=file)


def test_a_span_of_a_file_that_has_grown_since_is_read(
    make_film: Callable[..., Path], tmp_path: Path
) -> None:
    """Of one that is another file now it is not."""
    whole = make_film(name="film.ts", frames=96, options={"g": "12"}, picture=noise)
    data = whole.read_bytes()
    assert len(data) > 3 * GROWING_HEAD_BYTES
    written = AppendedFile(tmp_path / "growing.ts", data, [len(data) // 2])
    with written.open() as file:
        growing = file.video_id()
    info = probe(written.path, like=growing)
    assert info.video_id == growing
    with SpanReader(whole, 0.5, 1.0) as frames:
        expected = list(frames)
    written.append(len(data))
    with SpanReader(written.path, 0.5, 1.0, info=info) as frames:
        assert_same(list(frames), expected)
    assert probe(written.path, like=growing).video_id == growing
    ordinary = replace(info, video_id=fingerprint(whole))
    with SpanReader(written.path, 0.5, 1.0, info=ordinary) as frames, pytest.raises(FileChanged):
        list(frames)


def noise(number: int) -> Image:
    """A picture that takes many bytes."""
    return np.random.default_rng(number).integers(0, 256, (64, 128, 3), np.uint8)


def test_pieces_of_one_byte_reach_the_last_frame(make_film: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_film(name="film.ts", frames=6)
    data = whole.read_bytes()
    written = AppendedFile(
        tmp_path / "growing.ts", data, (size for size, _ in zip(cycle([1]), data, strict=False))
    )
    with (
        written.open() as file,
        read_frames(written.path, samples_per_s=None, mode="every", growing=file) as frames,
    ):
        assert len(list(frames)) == 6
