"""Asking a running service with a video file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cbvirctl.video_files import HEAD_BYTES, is_video
from support.films import Film
from support.pieces import pictures_of, write_clip
from support.running import BIN
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
        command = [str(BIN / "cbvirctl"), *arguments, "--socket", str(service.socket)]
        return subprocess.run(command, capture_output=True, check=False, timeout=120, text=True)

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


@pytest.mark.parametrize("option", [["--region", "0,0,9,9"], ["--all"], ["--evidence", "why.png"]])
def test_options_for_pictures_are_refused(ctl: Ctl, clip: Path, option: list[str]) -> None:
    done = ctl("query", str(clip), *option)
    assert done.returncode == 2
    assert f"{option[0]} ask with a picture" in done.stderr


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
