"""What a probe says of a video, and how it refuses other files."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from cbvir_core.decode import fingerprint, probe, read_frames
from cbvir_core.decode.container import exact_start
from cbvir_core.errors import DamagedVideo, FileUnreadable, NotAVideo

MakeFilm = Callable[..., Path]


def test_the_facts_of_a_film(film: Path) -> None:
    info = probe(film)
    assert (info.width, info.height, info.rotation, info.sample_aspect) == (128, 64, 0, Fraction(1))
    assert (info.codec, info.start, info.duration_s, info.frames_per_s) == ("h264", Fraction(0), 2.0, 24.0)
    assert info.video_id == fingerprint(film)
    assert info.size_bytes == film.stat().st_size
    assert info.path == film.absolute()


@pytest.mark.parametrize(("turn", "rotation"), [(90, 270), (180, 180), (-90, 90)])
def test_rotation_is_clockwise_and_swaps_the_sides(make_film: MakeFilm, turn: int, rotation: int) -> None:
    info = probe(make_film(rotation=turn))
    assert info.rotation == rotation
    assert (info.width, info.height) == ((128, 64) if turn == 180 else (64, 128))


@pytest.mark.parametrize(("aspect", "size"), [("4/3", (171, 64)), ("3/4", (128, 85)), ("20/1", (128, 64))])
def test_square_pixels(make_film: MakeFilm, aspect: str, size: tuple[int, int]) -> None:
    info = probe(make_film(name="film.mkv", sample_aspect=Fraction(aspect)))
    assert (info.width, info.height) == size


def test_a_start_that_no_microsecond_holds(make_film: MakeFilm) -> None:
    path = make_film(name="film.ts", pts=range(100, 148))
    info = probe(path)
    with av.open(str(path)) as container:
        first = min(p.pts for p in container.demux(video=0) if p.pts is not None)
        assert exact_start(container) == first * Fraction(1, 90_000)
    assert info.start == first * Fraction(1, 90_000)
    assert info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"This is a letter and not a film.\n" * 50),
        ("text.txt", b"This is a letter and not a film.\n" * 50),
        ("noise.mkv", bytes(range(256)) * 40),
        ("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.ts\n#EXT-X-ENDLIST\n"),
        ("script.mp4", b"ffconcat version 1.0\nfile other.mp4\n"),
    ],
)
def test_other_files_are_no_videos(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAVideo, match=re.escape(str(path))):
        probe(path)


def test_a_picture_with_a_film_name_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "photo.mp4"
    Pillow.fromarray(np.zeros((32, 32, 3), np.uint8)).save(path, "PNG")
    with pytest.raises(NotAVideo):
        probe(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        output.mux(stream.encode(silence))
        output.mux(stream.encode())
    with pytest.raises(NotAVideo, match="only audio"):
        probe(path)


def test_folder_empty_and_missing_file(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(NotAVideo, match="folder"):
        probe(tmp_path / "folder.mp4")
    with pytest.raises(NotAVideo, match="empty"):
        probe(tmp_path / "empty.mp4")
    with pytest.raises(FileUnreadable):
        probe(tmp_path / "missing.mp4")


def test_a_film_cut_before_its_index_is_damaged(film: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.mp4"
    data = film.read_bytes()
    part.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(DamagedVideo, match="cut short"):
        probe(part)


@pytest.mark.parametrize("name", ["a%03d.mp4", "http:film.mp4", "fi lm;#?.mp4", "\udcff\udcfe.mp4", "-i.mp4"])
def test_any_file_name(film: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(film.read_bytes())
    assert probe(name).frames_per_s == 24.0


CLIPS_SAID = re.compile(r"^\| (\S+) \|.*\| (\d+) \| ([\d.]+) \| (\d+)x(\d+) \|$", re.MULTILINE)


def test_shared_clips_are_what_their_list_says(shared: Path) -> None:
    said = CLIPS_SAID.findall((shared / "videos" / "README.md").read_text())
    assert len(said) == 58
    for name, _, rate, width, height in said:
        info = probe(shared / "videos" / name)
        stored = (int(width), int(height))
        stretched = (round(stored[0] * info.sample_aspect), stored[1])
        assert (info.width, info.height) in (stored, stretched), name
        assert info.frames_per_s == pytest.approx(float(rate), abs=0.1), name


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("auto-editor--h264-mjpeg.mkv", "h264"),
        ("auto-editor--h264-png.mp4", "h264"),
        ("auto-editor--testsrc_with_attachment.mkv", "h264"),
        ("perception--extra_channel_attached_pic.mp4", "h264"),
        ("interactive-examples--friday.mp4", "h264"),
        ("moviepy--no_duration.webm", "vp9"),
    ],
)
def test_the_video_is_found_among_other_streams(shared: Path, name: str, codec: str) -> None:
    info = probe(shared / "videos" / name)
    assert info.codec == codec
    assert (info.duration_s is None) == ("no_duration" in name)
    with read_frames(info.path, max_side=64) as reader:
        assert sum(1 for _ in reader) >= 7
