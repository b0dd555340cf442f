"""What the client does for people at a terminal, against one real service."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from support.films import Film
from support.running import BIN
from support.services import Service, frame_at, jpeg

# Conftest of this folder is no module that can be imported.
Ask = Callable[..., Any]

NAME = "A film, [cut] of 1962.mp4"


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service(workers=2)
    (service.videos / "News").mkdir()
    places = [
        service.drop(films[0].path, f"News/{NAME}"),
        service.drop(films[1].path, "News/reel.mp4"),
        service.drop(films[2].path, "reel two.mp4"),
    ]
    for path in places:
        service.until_state(path, "indexed")
    return service


@pytest.fixture
def frame(films: list[Film], tmp_path: Path) -> Path:
    path = tmp_path / "frame.jpg"
    path.write_bytes(jpeg(frame_at(films[0].path, films[0].middles[2])))
    return path


# --- which video -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [NAME, NAME.lower(), NAME[:-4], "[cut]", "News/A film", "s/reel.mp4"])
def test_a_video_is_shown_by_a_name_that_only_one_has(service: Service, ask: Ask, text: str) -> None:
    shown = ask(service, "videos", "show", text, "--json").document
    expected = "reel.mp4" if "reel" in text else NAME
    assert shown["path"] == str(service.videos / "News" / expected)


def test_a_name_goes_before_a_part_of_a_path(service: Service, ask: Ask) -> None:
    assert ask(service, "videos", "show", "reel", "--json").document["path"].endswith("/News/reel.mp4")


def test_a_text_that_fits_several_videos_names_them(service: Service, ask: Ask) -> None:
    done = ask(service, "keyframes", "News/")
    assert done.code == 2
    assert "'News/' fits 2 videos" in done.err
    assert str(service.videos / "News" / "reel.mp4") in done.err


def test_a_text_that_fits_no_video_says_what_may_be_given(service: Service, ask: Ask) -> None:
    done = ask(service, "videos", "show", "nothing of this name", "--json")
    assert (done.code, done.error["code"]) == (5, "unknown_video")
    assert "the beginning of its id, or a part of its path" in done.error["message"]


def test_nothing_is_forgotten_by_a_part_of_a_name(service: Service, ask: Ask) -> None:
    done = ask(service, "videos", "forget", "reel tw", "--json")
    assert (done.code, done.error["code"]) == (5, "unknown_video")
    assert ask(service, "retry", "reel two.mp4").out.startswith("nothing to try again")
    assert service.state(service.videos / "reel two.mp4") == "indexed"


def test_a_shell_completes_the_names_of_videos(service: Service) -> None:
    def completed(words: str) -> list[str]:
        typed = f"cbvirctl --socket {service.socket} {words}"
        asked = {"_CBVIRCTL_COMPLETE": "complete_bash", "COMP_WORDS": typed}
        where = {"COMP_CWORD": str(len(typed.split(" ")) - 1)}
        command = [str(BIN / "cbvirctl")]
        done = subprocess.run(command, env=os.environ | asked | where, capture_output=True, check=True)
        return done.stdout.decode().splitlines()

    assert completed("videos show re") == ["reel\\ two.mp4", "reel.mp4"]
    assert completed("videos forget A") == ["A\\ film,\\ \\[cut\\]\\ of\\ 1962.mp4"]
    assert completed("videos show ./re") == [""]  # a path, which the shell completes itself
    assert completed("vid") == ["videos"]


# --- how it is shown -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["videos", "list"], ["query"]])
def test_paths_are_relative_to_their_folder_on_request(
    service: Service, ask: Ask, frame: Path, command: list[str]
) -> None:
    picture = [str(frame)] if command == ["query"] else []
    shown = ask(service, *command, *picture, "--relative").out
    assert f"News/{NAME}" in shown
    assert str(service.videos) not in shown
    assert str(service.videos / "News" / NAME) in ask(service, *command, *picture, "--relative", "--json").out


def test_folders_that_lie_in_each_other_are_told_of(make_service: Callable[..., Service], ask: Ask) -> None:
    service = make_service(folders=[".", "videos"])
    service.until(
        lambda: all(root["watch"] == "inotify" for root in service.get("/v1/status")["roots"]), "both watched"
    )
    shown = " ".join(ask(service, "status").out.split())  # lines are wrapped where COLUMNS is set
    inner = f"{service.videos} online inotify, lies in {service.folder}"
    assert f"folder {service.folder} online inotify folder {inner} videos" in shown
    said = (
        f"the data folder {service.data} lies in the watched folder {service.folder}; keep them apart: stop"
    )
    assert f"note {said}" in shown
    logged = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert [said in line["event"] for line in logged if line["level"] == "warning"] == [True]
    assert [row["path"] for row in service.get("/v1/folders")["folders"]] == [str(service.folder)]


TABLES = (
    "status",
    "query {frame}",
    "query {frame} --all",
    "query {clip}",
    "query {frame} {frame} --clip",
    "videos list",
    "videos show reel.mp4",
    "keyframes reel.mp4",
    "errors",
    "duplicates",
    "index status",
    "models list",
)


@pytest.mark.parametrize("command", TABLES)
def test_no_line_of_a_table_ends_in_spaces(
    service: Service, ask: Ask, films: list[Film], frame: Path, command: str
) -> None:
    words = [word.format(frame=frame, clip=films[0].path) for word in command.split()]
    done = ask(service, *words)
    assert done.out
    assert [line for line in done.out.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".webp", "WEBP"), (".PNG", "PNG")])
def test_evidence_has_the_format_of_its_suffix(
    service: Service, ask: Ask, frame: Path, tmp_path: Path, suffix: str, kind: str
) -> None:
    written = (tmp_path / "why").with_suffix(suffix)
    assert ask(service, "query", str(frame), "--evidence", str(written)).code in (0, 1)
    with PIL.Image.open(written) as picture:
        assert picture.format == kind
        assert picture.width > 400


# --- many pictures ---------------------------------------------------------------------------------


def test_many_pictures_are_a_table(
    service: Service, ask: Ask, films: list[Film], frame: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name in ("more/frame.jpg", ".hidden/frame.jpg"):
        (folder / name).write_bytes(frame.read_bytes())
    PIL.Image.new("RGB", (160, 90), (128, 128, 128)).save(folder / "blank.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture, and nobody takes it for one")
    done = ask(service, "query", str(folder), str(films[1].path), str(tmp_path / "none.jpg"), "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_name.setdefault(row["picture"].removeprefix(f"{folder}/"), []).append(row)
    assert list(by_name) == [
        "blank.png",
        "broken.jpg",
        "more/frame.jpg",
        str(films[1].path),
        str(tmp_path / "none.jpg"),
    ]
    best = by_name["more/frame.jpg"][0]
    assert best["path"] == str(service.videos / "News" / NAME)
    assert float(best["scene_start_s"]) - 0.5 <= films[0].middles[2] <= float(best["scene_end_s"]) + 0.5
    assert (best["rank"], best["error"]) == ("1", "")
    assert [row["verdict"] for row in by_name["blank.png"]] == ["none"]
    assert "in no format that can be read" in by_name["broken.jpg"][0]["error"]
    assert "is a video" in by_name[str(films[1].path)][0]["error"]
    assert "cannot read" in by_name[str(tmp_path / "none.jpg")][0]["error"]
    assert done.code == 4
    assert "3 unreadable" in done.err


def test_the_exit_code_of_many_pictures_is_that_of_the_best(service: Service, ask: Ask, frame: Path) -> None:
    done = ask(service, "query", str(frame), "--csv", "--relative", "--top", "1")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert row["path"] == f"News/{NAME}"
    assert done.code == (0 if row["verdict"] == "match" else 1)


def test_what_is_wrong_with_the_whole_question_ends_it(service: Service, ask: Ask, frame: Path) -> None:
    done = ask(service, "query", str(frame), str(frame), "--csv", "--in", "/nowhere")
    assert done.code == 5
    assert len(done.out.splitlines()) == 1
    assert "/nowhere" in done.err
