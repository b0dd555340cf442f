"""What ``query --open`` opens, and what it does not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from cbvirctl.errors import Refused
from cbvirctl.player import open_best


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program mpv that writes what it was given to this file."""
    told, program = tmp_path / "told", tmp_path / "mpv"
    program.write_text(f'#!/bin/sh\necho "$@" > {told}.part\n/bin/mv {told}.part {told}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return told


def answer(path: Path, verdict: str, **more: Any) -> dict[str, Any]:
    return {"results": [{"path": str(path), "verdict": verdict, **more}]}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nobody waits for a player
@pytest.mark.parametrize(
    "times",
    [
        {"time_s": 62.5},
        {"start_s": 62.5},
        {"pictures": [None, {"time_s": 62.5}, {"time_s": 70.0}]},
    ],
)
def test_a_player_begins_at_the_moment_and_the_client_says_so(
    player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], times: dict[str, Any]
) -> None:
    film = tmp_path / "film.mp4"
    film.touch()
    open_best(answer(film, "likely", **times))
    assert capsys.readouterr().err.strip() == f"mpv opens {film} at 1:02.50"
    deadline = time.monotonic() + 60
    while not player.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert player.read_text() == f"--start=62.500 {film}\n"


@pytest.mark.parametrize(
    ("verdict", "there", "reason"),
    [("none", True, "no scene is even likely"), ("match", False, "film.mp4 is offline")],
)
def test_no_guess_is_opened_and_no_file_that_is_not_there(
    player: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    verdict: str,
    there: bool,
    reason: str,
) -> None:
    film = tmp_path / "film.mp4"
    if there:
        film.touch()
    open_best(answer(film, verdict, time_s=1.0))
    assert reason in capsys.readouterr().err
    assert not player.exists()


def test_no_results_open_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    open_best({"results": []})
    assert "nothing is opened" in capsys.readouterr().err


def test_a_machine_without_a_player_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "film.mp4").touch()
    with pytest.raises(Refused, match="install one of mpv, vlc, ffplay"):
        open_best(answer(tmp_path / "film.mp4", "match", time_s=1.0))
