"""Asking a running service with a video file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

from cbvir_core.decode import read_picture
from cbvirctl.video_files import HEAD_BYTES, is_video
from support import warm
from support.films import Film
from support.pieces import pictures_of, write_clip
from support.services import Service

PIECE = (3.0, 9.0)
"""Start and end in seconds of the piece of a film that is asked for."""

SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}

Ctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(workers=2)


@pytest.fixture(scope="module")
def dropped(service: Service, films: list[Film]) -> Path:
    path = service.drop(films[0].path)
    service.until_state(path, "indexed")
    return path


@pytest.fixture(scope="module")
def clip(films: list[Film], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece of the film, encoded again."""
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", pictures_of(films[0], PIECE))


@pytest.fixture
def ctl(service: Service, dropped: Path) -> Ctl:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [*arguments, "--socket", str(service.socket)]
        code, out, err = warm.run("cbvirctl", *line, stdin=None, timeout=120)
        return subprocess.CompletedProcess(line, code, out.decode(), err.decode())

    return run


def uploads(service: Service) -> list[Path]:
    return list((service.data / "uploads").glob("*"))


def test_a_clip_is_answered_with_its_segment(ctl: Ctl, service: Service, dropped: Path, clip: Path) -> None:
    done = ctl("query", str(clip), "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    best = answer["results"][0]
    assert best["path"] == str(dropped)
    assert (best["start_s"], best["end_s"]) == pytest.approx(PIECE, abs=0.6)
    assert done.returncode == (0 if answer["verdict"] == "match" else 1)
    assert uploads(service) == []


def test_it_is_shown_as_a_table(ctl: Ctl, dropped: Path, clip: Path) -> None:
    done = ctl("query", str(clip))
    assert "in the clip" in done.stdout
    assert str(dropped) in done.stdout
    assert "speed" in done.stdout
    assert "frames of" in done.stderr


@pytest.mark.parametrize("option", [["--region", "0,0,9,9"], ["--all"]])
def test_options_for_pictures_are_refused(ctl: Ctl, clip: Path, option: list[str]) -> None:
    done = ctl("query", str(clip), *option)
    assert done.returncode == 2
    assert f"{option[0]} asks with a picture" in done.stderr


def test_the_evidence_is_written_as_a_picture(ctl: Ctl, clip: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "why.png"
    assert ctl("query", str(clip), "--evidence", str(drawn)).returncode in (0, 1)
    assert min(read_picture(drawn).shape[:2]) > 400
    refused = ctl("query", str(clip), "--evidence", str(tmp_path / "nowhere" / "why.png"))
    assert refused.returncode == 2
    assert "cannot write" in refused.stderr


@pytest.fixture
def gif(films: list[Film], tmp_path: Path) -> Path:
    frames = [PIL.Image.fromarray(one) for one in pictures_of(films[0], PIECE)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:], duration=80)
    return tmp_path / "clip.gif"


def test_a_gif_is_a_picture_unless_it_is_asked_as_a_clip(ctl: Ctl, dropped: Path, gif: Path) -> None:
    picture = ctl("query", str(gif), "--json")
    assert "time_s" in json.loads(picture.stdout)["results"][0]
    assert "--clip asks with all of them" in picture.stderr
    clip = ctl("query", "--clip", str(gif), "--json")
    assert json.loads(clip.stdout)["results"][0]["path"] == str(dropped)
    assert "clip_start_s" in json.loads(clip.stdout)["results"][0]


def test_pictures_in_order_are_one_question(
    ctl: Ctl, dropped: Path, films: list[Film], tmp_path: Path
) -> None:
    pictures = [tmp_path / f"{number}.png" for number in range(3)]
    for path, shown in zip(pictures, pictures_of(films[0], (2.0, 12.0))[::50], strict=False):
        PIL.Image.fromarray(shown).save(path)
    done = ctl("query", "--clip", *map(str, pictures), "--json")
    best = json.loads(done.stdout)["results"][0]
    assert best["path"] == str(dropped)
    times = [one["time_s"] for one in best["pictures"] if one is not None]
    assert times == sorted(times)
    assert len(times) >= 2
    table = ctl("query", "--clip", *map(str, pictures))
    assert str(dropped) in table.stdout
    assert pictures[0].name in table.stdout


def test_several_pictures_need_to_be_said_to_be_one_question(
    ctl: Ctl, clip: Path, gif: Path, tmp_path: Path
) -> None:
    assert "--clip" in ctl("query", str(gif), str(gif)).stderr
    mixed = ctl("query", "--clip", str(gif), str(clip))
    assert mixed.returncode == 2
    assert f"{clip} is a video" in mixed.stderr
    (tmp_path / "broken.png").write_bytes(b"no picture")
    broken = ctl("query", "--clip", str(gif), str(tmp_path / "broken.png"))
    assert broken.returncode == 4
    assert "picture 2" in broken.stderr


def test_a_broken_clip_is_named_and_removed(ctl: Ctl, service: Service, clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:200])
    done = ctl("query", str(broken))
    assert done.returncode == 4
    assert str(broken) in done.stderr
    assert "uploads" not in done.stderr
    assert uploads(service) == []


def test_a_clip_may_be_larger_than_a_picture(service: Service, dropped: Path) -> None:
    """The limit of bodies is for what is held in memory; a clip is streamed."""
    zeros = (bytes(1 << 20) for _ in range(65))
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=str(service.socket)), base_url="http://cbvird", timeout=60
    ) as http:
        answer = http.post("/v1/query/clip", content=zeros)
    assert answer.json()["error"]["code"] == "not_a_video"
    assert uploads(service) == []


def test_videos_are_told_from_pictures(shared: Path, clip: Path) -> None:
    def head(path: Path) -> bytes:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)

    assert is_video(head(clip))
    unknown = [
        path.name
        for path in sorted((shared / "videos").iterdir())
        if path.suffix
        in {".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts", ".mpg", ".ogv", ".m4v", ".wmv", ".flv"}
        and not is_video(head(path))
    ]
    assert unknown == []
    assert not is_video(b"GIF89a" + bytes(500))
    assert not is_video(b"\xff\xd8\xff\xe0" + bytes(500))
    assert not is_video(b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(500))
    assert not is_video(b"\x00\x00\x00\x1cftypheic" + bytes(500))
    assert not is_video(b"")
