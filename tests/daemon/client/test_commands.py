"""Every command of the client against a real service."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from support import warm
from support.films import Film
from support.running import BIN
from support.services import Service, frame_at, jpeg


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(workers=2)


@pytest.fixture(scope="module")
def dropped(service: Service, films: list[Film]) -> Path:
    return service.drop(films[0].path)


@pytest.fixture
def ctl(service: Service, dropped: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    service.until_state(dropped, "indexed")

    def run(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        line = [*arguments, "--socket", str(service.socket)]
        code, out, err = warm.run("cbvirctl", *line, stdin=stdin, timeout=90)
        return subprocess.CompletedProcess(line, code, out.decode(), err.decode())

    return run


Ctl = Callable[..., "subprocess.CompletedProcess[str]"]


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON document on stdout."""
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def picture(film: Film, shot: int, folder: Path) -> tuple[Path, float]:
    """A frame from the middle of a shot, as a file."""
    middle = film.middles[shot]
    path = folder / "picture.jpg"
    path.write_bytes(jpeg(frame_at(film.path, middle)))
    return path, middle


def test_query_names_file_and_time(ctl: Ctl, films: list[Film], dropped: Path, tmp_path: Path) -> None:
    path, middle = picture(films[0], 2, tmp_path)
    answer = document(ctl("query", str(path), "--json"))
    best = answer["results"][0]
    assert best["path"] == str(dropped)
    assert best["scene_start_s"] - 0.5 <= middle <= best["scene_end_s"] + 0.5
    assert {
        "verdict",
        "took_ms",
        "stages_ms",
        "keyframes_searched",
        "shortlisted",
        "profile",
    } <= answer.keys()
    assert {"rank", "video_id", "time_s", "score", "verdict", "keyframe_id", "variant"} <= best.keys()


def test_query_is_exit_code_0_for_a_match_and_1_for_none(ctl: Ctl, films: list[Film], tmp_path: Path) -> None:
    path, _ = picture(films[0], 2, tmp_path)
    found = ctl("query", str(path), "--json")
    assert found.returncode == (0 if document(found)["verdict"] == "match" else 1)
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), cv2.UMat(90, 160, cv2.CV_8UC3, (128, 128, 128)))
    empty = ctl("query", str(blank), "--json")
    assert (document(empty)["verdict"], empty.returncode) == ("none", 1)


def test_query_reads_stdin_and_limits_the_answer(
    ctl: Ctl, films: list[Film], dropped: Path, tmp_path: Path
) -> None:
    path, _ = picture(films[0], 3, tmp_path)
    done = ctl("query", "-", "--top", "2", "--in", str(dropped.parent), "--json", stdin=path.read_bytes())
    assert 1 <= len(document(done)["results"]) <= 2
    elsewhere = ctl("query", str(path), "--in", str(tmp_path), "--json")
    assert elsewhere.returncode == 5
    assert document(elsewhere)["error"]["message"] == f"no known video is {tmp_path} or lies in it"


def test_a_missing_player_is_told_beside_the_answer(
    ctl: Ctl, films: list[Film], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path, _ = picture(films[0], 2, tmp_path)
    done = ctl("query", str(path), "--json", "--open")
    assert document(done)["results"]
    assert "no player found" in done.stderr
    assert done.returncode == 5


def test_a_name_may_begin_like_a_home_folder(
    ctl: Ctl, films: list[Film], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, _ = picture(films[0], 2, tmp_path)
    path.rename(tmp_path / "~shot.jpg")
    assert document(ctl("query", "~shot.jpg", "--json"))["results"]
    nobody = ctl("query", "~nobody-of-this-name/shot.jpg")
    assert nobody.returncode == 4
    assert "~nobody-of-this-name" in nobody.stderr


def test_evidence_is_written_as_a_picture(ctl: Ctl, films: list[Film], dropped: Path, tmp_path: Path) -> None:
    path, _ = picture(films[0], 2, tmp_path)
    written = tmp_path / "evidence.png"
    best = document(ctl("query", str(path), "--json", "--evidence", str(written)))["results"][0]
    assert best["evidence"]["inliers"] == len(best["evidence"]["lines"]) > 10
    left, top, right, bottom = best["evidence"]["region"]
    sheet, asked = cv2.imread(str(written)), cv2.imread(str(path))
    assert sheet is not None
    assert asked is not None
    height, width = asked.shape[:2]
    assert 0 <= left < 0.2 * width < 0.8 * width < right <= width
    assert 0 <= top < 0.2 * height < 0.8 * height < bottom <= height
    assert sheet.shape[1] > 1.9 * min(width, 512)
    refused = ctl("query", str(path), "--evidence", str(tmp_path / "nowhere" / "evidence.png"))
    assert refused.returncode == 2
    assert "cannot write" in refused.stderr


def test_what_is_no_picture_is_exit_code_4(ctl: Ctl, tmp_path: Path) -> None:
    text = tmp_path / "picture.jpg"
    text.write_text("no picture")
    done = ctl("query", str(text), "--json")
    error = document(done)["error"]
    assert (done.returncode, error["code"]) == (4, "not_a_picture")
    assert error["message"].startswith(f"{text}: the picture is in no format that can be read")
    assert ctl("query", "-", stdin=b"no picture").stderr.startswith("cbvirctl: stdin: ")


def test_a_region_outside_the_picture_is_refused(ctl: Ctl, films: list[Film], tmp_path: Path) -> None:
    path, _ = picture(films[0], 2, tmp_path)
    done = ctl("query", str(path), "--region", "5000,0,10,10", "--json")
    error = document(done)["error"]
    assert (done.returncode, error["code"]) == (2, "bad_input")
    assert "5000,0,10,10 does not lie in the picture of 320 x 180 pixels" in error["message"]


def test_a_person_reads_tables(ctl: Ctl, films: list[Film], dropped: Path, tmp_path: Path) -> None:
    path, _ = picture(films[0], 2, tmp_path)
    assert str(dropped) in ctl("query", str(path)).stdout
    assert str(dropped) in ctl("videos", "list").stdout
    assert str(dropped) in ctl("videos", "list", "--in", str(dropped.parent)).stdout
    assert document(ctl("videos", "list", "--in", "/nowhere", "--json")) == {"videos": [], "total": 0}
    assert ctl("videos", "list", "--in", "/nowhere").stdout == "No known video lies in /nowhere.\n"
    assert "indexed 1" in ctl("status").stdout
    assert "scene from" in ctl("keyframes", str(dropped)).stdout
    assert ctl("errors").stdout.strip() == "No errors."


def test_videos_are_named_by_path_or_by_the_beginning_of_an_id(ctl: Ctl, dropped: Path) -> None:
    by_path = document(ctl("videos", "show", str(dropped), "--json"))
    by_id = document(ctl("videos", "show", by_path["video_id"][:8], "--json"))
    assert by_id == by_path
    assert by_path["state"] == "indexed"
    assert len(by_path["scenes"]) == by_path["keyframes"] > 0
    unknown = ctl("videos", "show", "0123456789", "--json")
    assert unknown.returncode == 5
    assert document(unknown)["error"]["code"] == "unknown_video"


def test_keyframes_are_exported_as_pictures(ctl: Ctl, dropped: Path, tmp_path: Path) -> None:
    frames = document(ctl("keyframes", str(dropped), "--export", str(tmp_path / "out"), "--json"))[
        "keyframes"
    ]
    pictures = sorted((tmp_path / "out").glob("*.jpg"))
    assert len(pictures) == len(frames)
    assert all(cv2.imread(str(path)) is not None for path in pictures)


def test_status_and_wait_carry_the_contracts_keys(ctl: Ctl) -> None:
    keys = {"service", "profile", "roots", "videos", "keyframes", "refined", "index", "times_real_time"}
    assert keys <= document(ctl("status", "--json")).keys()
    done = ctl("wait", "--timeout", "60", "--json")
    assert done.returncode == 0
    assert keys <= document(done).keys()


def test_index_models_rescan_and_retry_answer(ctl: Ctl) -> None:
    rebuilt = document(ctl("index", "rebuild", "--json"))
    assert document(ctl("index", "status", "--json")) == rebuilt
    names = [profile["name"] for profile in document(ctl("models", "list", "--json"))["profiles"]]
    assert "seeded" in names
    assert ctl("models", "verify").returncode == 0
    assert ctl("rescan").returncode == 0
    assert "nothing" in ctl("retry").stdout


def test_a_weight_file_that_is_none_is_refused_and_the_profile_stays(
    ctl: Ctl, service: Service, tmp_path: Path
) -> None:
    wrong = tmp_path / "weights.safetensors"
    wrong.write_bytes(b"these are no weights")
    done = ctl("models", "import", "seeded", str(wrong), "--json")
    assert done.returncode == 5
    assert document(done)["error"]["code"] == "weights_damaged", service.log.read_text()
    assert ctl("models", "verify").returncode == 0


def test_forgetting_a_video_keeps_its_file(ctl: Ctl, service: Service, films: list[Film]) -> None:
    extra = service.drop(films[2].path)
    service.until_state(extra, "indexed")
    done = ctl("videos", "forget", str(extra))
    assert (done.returncode, "`cbvirctl retry`" in done.stderr) == (0, True)
    assert extra.exists()
    known = document(ctl("videos", "list", "--json"))["videos"]
    assert str(extra) not in [row["path"] for row in known if row["state"] == "indexed"]
    assert ctl("retry").stdout.startswith("nothing to try again")
    assert ctl("retry", f"nowhere/{extra.name}").returncode == 5
    assert ctl("retry", extra.name.upper()).stdout == "trying 1 file again\n"
    service.until_state(extra, "indexed")


def test_a_name_of_several_forgotten_files_wants_a_path(
    ctl: Ctl, service: Service, films: list[Film]
) -> None:
    (service.videos / "twice").mkdir()
    paths = [service.drop(films[1].path, name) for name in ("same name.mp4", "twice/same name.mp4")]
    service.until(lambda: len((service.video(paths[1]) or {}).get("paths", ())) == 2, "both are known")
    assert ctl("videos", "forget", str(paths[0])).returncode == 0
    done = ctl("retry", "same name.mp4")
    assert (done.returncode, "2 forgotten files have this name" in done.stderr) == (2, True)
    assert ctl("retry", str(paths[1])).stdout == "trying 1 file again\n"
    service.until_state(paths[1], "indexed")


def test_a_file_that_failed_is_tried_again_and_forgotten(ctl: Ctl, service: Service) -> None:
    path = service.videos / "text.mp4"
    path.write_text("no film")
    service.until_state(path, "failed")
    assert "no container" in ctl("errors").stdout
    assert ctl("videos", "show", str(path)).returncode == 0
    assert ctl("keyframes", str(path)).stdout.startswith(f"No keyframes: {path} is in no container")
    assert ctl("retry", str(path)).stdout == "trying 1 file again\n"
    service.until_state(path, "failed")
    assert document(ctl("videos", "forget", str(path), "--json")) == {"video_id": None, "paths": [str(path)]}
    assert service.video(path) is None
    assert path.exists()
    assert ctl("videos", "forget", str(path)).returncode == 5


def test_an_empty_picture_is_exit_code_4(ctl: Ctl) -> None:
    done = ctl("query", "-", "--json", stdin=b"")
    assert (done.returncode, document(done)["error"]["code"]) == (4, "not_a_picture")


def test_a_folder_that_cannot_be_written_is_one_json_document(ctl: Ctl, dropped: Path) -> None:
    done = ctl("keyframes", str(dropped), "--export", "/proc/nowhere", "--json")
    assert done.returncode == 5
    assert document(done)["error"]["code"] == "file_unwritable"


def test_every_path_of_a_video_is_listed(ctl: Ctl, service: Service, dropped: Path) -> None:
    copy = service.drop(dropped, "copy.mp4")
    service.until_state(copy, "indexed")
    listed = ctl("videos", "list").stdout
    assert str(copy) in listed
    assert str(dropped) in listed


def test_status_says_that_the_filter_is_alone(ctl: Ctl) -> None:
    assert "no SOLAR weights" in ctl("status").stdout


def test_a_profile_that_nobody_publishes_cannot_be_fetched(ctl: Ctl) -> None:
    done = ctl("models", "fetch", "nonsense", "--json")
    error = document(done)["error"]
    assert (done.returncode, error["code"]) == (2, "bad_input")
    assert "models import nonsense" in error["message"]
    assert ctl("models", "fetch", "a/b").returncode == 2


def test_wait_sees_a_file_that_only_a_scan_finds(
    make_service: Callable[..., Service], films: list[Film]
) -> None:
    blind = make_service(polling=True, poll_s=3600.0)
    blind.until(lambda: not blind.get("/v1/status")["scanning"], "the first scan is over")
    path = blind.drop(films[0].path)
    command = [str(BIN / "cbvirctl"), "wait", "--timeout", "60", "--json", "--socket", str(blind.socket)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=90)
    assert done.returncode == 0
    assert json.loads(done.stdout)["videos"]["indexed"] == 1
    assert blind.state(path) == "indexed"
