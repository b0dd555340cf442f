"""Films that are joined from clips: their cuts are where the table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import probe, read_frames, write_film
from cbvir_core.errors import InputError
from cbvir_core.evaluate import joined
from cbvir_core.evaluate.__main__ import main
from cbvir_core.evaluate.joined import JOINED_RATE, join_clips
from cbvir_core.evaluate.tables import read_shots

COLOURS = {"red": (220, 10, 10), "green": (10, 220, 10), "blue": (10, 10, 220)}
SIZE = (64, 36)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three clips of one colour each, of 1, 2 and 3 s, one of another rate, and a file that is none."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for seconds, (name, colour) in enumerate(COLOURS.items(), 1):
        rate = 12 if name == "green" else JOINED_RATE
        pictures = [np.full((48, 64, 3), colour, np.uint8)] * (seconds * rate)
        assert write_film(folder / f"{name}.mp4", pictures, rate) == seconds * rate
    (folder / "copy.mp4").write_bytes((folder / "red.mp4").read_bytes())
    (folder / "notes.txt").write_text("no video")
    return folder


def test_each_shot_shows_its_clip(clips: Path, tmp_path: Path) -> None:
    shots = join_clips(clips, tmp_path / "out", size=SIZE)
    ((film, spans),) = shots.items()
    assert shots == read_shots(tmp_path / "out" / "shots.csv", tmp_path / "out")
    assert sorted(round(span.end_s - span.start_s, 2) for span in spans) == [1, 2, 3]
    assert probe(film).duration_s == pytest.approx(6, abs=0.05)
    with read_frames(film, samples_per_s=None, mode="every") as frames:
        seen = [(frame.time_s, int(frame.image.mean((0, 1)).argmax())) for frame in frames]
    assert len(seen) == 6 * JOINED_RATE
    for span in spans:
        inside = {channel for time_s, channel in seen if span.start_s <= time_s + 1e-6 < span.end_s}
        assert len(inside) == 1


def test_long_clips_are_cut_to_the_wanted_length(clips: Path, tmp_path: Path) -> None:
    ((_, spans),) = join_clips(clips, tmp_path, seconds=3.0, size=SIZE).items()
    assert [round(span.end_s - span.start_s, 2) for span in spans] == [1, 1, 1]


def test_a_film_that_is_there_is_not_made_again(clips: Path, tmp_path: Path) -> None:
    ((film, _),) = join_clips(clips, tmp_path, size=SIZE).items()
    film.write_bytes(b"the same")
    join_clips(clips, tmp_path, size=SIZE)
    assert film.read_bytes() == b"the same"
    join_clips(clips, tmp_path, seconds=3.0, size=SIZE)
    assert film.read_bytes() != b"the same"


def test_one_clip_is_no_film(clips: Path, tmp_path: Path) -> None:
    for name in ("green", "blue"):
        (clips / f"{name}.mp4").unlink()
    with pytest.raises(InputError, match="no two clips"):
        join_clips(clips, tmp_path)


def test_one_command_makes_table_ii_of_a_folder_of_clips(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr(joined, "JOINED_SIZE", SIZE)
    line = ["keyframes", str(clips), "--join", "3", "--keep", str(tmp_path / "out")]
    assert main([*line, "--form", "online", "published-mended", "vsumm"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("online", "published-mended", "vsumm", "Processor s/h"))
    assert "bring torchvision's vgg16-397923af.pth" in printed
    assert (tmp_path / "out" / "joined.mp4").is_file()


def test_pictures_of_a_film_have_one_size(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even sides"):
        write_film(tmp_path / "a.mp4", [np.zeros((5, 4, 3), np.uint8)], 5)
    with pytest.raises(ValueError, match="needs a picture"):
        write_film(tmp_path / "b.mp4", [], 5)
