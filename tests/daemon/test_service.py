"""The main job, end to end: a file dropped into a folder is found by a picture."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbvird.app import SUPERVISION_INTERVAL_S
from support.films import Film, draw_film
from support.memory_maps import arenas
from support.services import Service, frame_at, jpeg


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], refined: Path) -> Service:
    return make_service(refined, workers=2)


@pytest.fixture(scope="module")
def dropped(service: Service, films: list[Film]) -> Path:
    path = service.drop(films[0].path)
    service.until_state(path, "indexed")
    return path


def best(service: Service, film: Film, shot: int) -> dict[str, Any]:
    middle = film.middles[shot]
    answer = service.query(frame_at(film.path, middle))
    assert answer["results"], answer
    found: dict[str, Any] = answer["results"][0]
    assert found["scene_start_s"] - 0.5 <= middle <= found["scene_end_s"] + 0.5
    return found


def test_every_shot_of_a_dropped_film_is_found(service: Service, dropped: Path, films: list[Film]) -> None:
    for shot in range(len(films[0].shots)):
        assert best(service, films[0], shot)["path"] == str(dropped)


def test_keyframes_become_refined_in_the_background(service: Service, dropped: Path) -> None:
    def refined() -> bool:
        status = service.get("/v1/status")
        return bool(status["refined"] == status["keyframes"] > 0)

    service.until(refined, "every keyframe has its SOLAR row")


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="torch runs the networks on a GPU")
def test_with_converted_networks_torch_is_not_imported(
    service: Service, dropped: Path, films: list[Film]
) -> None:
    """It would cost seconds of every start, and hundreds of megabytes."""
    service.until_refined(jpeg(frame_at(films[0].path, 1.0)))
    mapped = Path(f"/proc/{service.pid}/maps").read_text()
    assert "libopenvino" in mapped
    assert "libtorch" not in mapped


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_all_threads_share_few_arenas(service: Service, dropped: Path) -> None:
    """Each grows to what its busiest thread ever took: with many that was hundreds of megabytes."""
    threads = len(list(Path(f"/proc/{service.pid}/task").iterdir()))
    assert threads > 10
    assert 1 <= arenas(service.pid) <= 4  # a further part where one is full


def test_status_adds_up(service: Service, dropped: Path) -> None:
    status = service.get("/v1/status")
    assert status["service"]["pid"] == service.pid
    assert status["profile"] == "seeded"
    root = {"path": str(service.videos), "state": "online", "watch": "inotify", "reason": ""}
    assert status["roots"] == [root | {"within": None}]
    assert sum(status["videos"].values()) == len(service.get("/v1/videos")["videos"])
    assert status["keyframes"] == sum(row["keyframes"] for row in service.get("/v1/videos")["videos"])
    assert status["times_real_time"] > 0


def test_it_says_what_its_threads_do_and_goes_on(service: Service, dropped: Path) -> None:
    said = service.trouble()
    assert "_supervise" in said[said.index("(most recent call first)") :]
    assert service.get("/v1/status")["service"]["pid"] == service.pid


def test_it_goes_on_when_stopped_and_continued(service: Service, dropped: Path) -> None:
    """As by a debugger, Ctrl-Z or a laptop that sleeps: longer than any of its waits."""
    os.kill(service.pid, signal.SIGSTOP)
    time.sleep(2 * SUPERVISION_INTERVAL_S)
    os.kill(service.pid, signal.SIGCONT)
    time.sleep(2 * SUPERVISION_INTERVAL_S)
    assert service.get("/v1/status")["service"]["pid"] == service.pid


def test_a_copy_is_the_same_video_with_two_paths(service: Service, dropped: Path) -> None:
    before = service.video(dropped)
    assert before is not None
    copy = service.drop(dropped, "copy.mp4")
    service.until(lambda: service.state(copy) == "indexed", "the copy is known")
    after = service.video(copy)
    assert after is not None
    assert sorted(after["paths"]) == sorted([str(dropped), str(copy)])
    assert (after["video_id"], after["keyframes"]) == (before["video_id"], before["keyframes"])


def test_two_copies_dropped_at_once_are_read_once(service: Service, films: list[Film]) -> None:
    first, second = service.drop(films[1].path, "twin-1.mp4"), service.drop(films[1].path, "twin-2.mp4")

    def settled() -> bool:
        row = service.video(first)
        return bool(row and row["state"] == "indexed" and len(row["paths"]) == 2)

    service.until(settled, "both paths are known")
    row = service.video(second)
    assert row is not None
    assert len(service.keyframes(row["video_id"])) == row["keyframes"] >= len(films[1].shots) * 0.75


def test_rename_and_move_cost_nothing(service: Service, films: list[Film]) -> None:
    path = service.drop(films[2].path, "before.mp4")
    service.until_state(path, "indexed")
    row = service.video(path)
    assert row is not None
    renamed = path.rename(service.videos / "after.mp4")
    service.until_state(renamed, "indexed")
    folder = service.videos / "folder"
    folder.mkdir()
    moved = renamed.rename(folder / "after.mp4")
    service.until_state(moved, "indexed")
    whole = folder.rename(service.videos / "other folder")
    service.until_state(whole / "after.mp4", "indexed")
    found = service.video(whole / "after.mp4")
    assert found is not None
    assert (found["video_id"], found["keyframes"]) == (row["video_id"], row["keyframes"])
    service.until(
        lambda: service.video(whole / "after.mp4")["paths"] == [str(whole / "after.mp4")],  # type: ignore[index]
        "former names are forgotten",
    )
    took_in = [
        line for line in service.log.read_text().splitlines() if "ingest done" in line and "after" in line
    ]
    assert len(took_in) <= 3, took_in


def test_a_root_that_goes_away_is_offline_and_comes_back(service: Service, dropped: Path) -> None:
    away = service.videos.rename(service.folder / "away")
    service.until(lambda: service.get("/v1/status")["roots"][0]["state"] == "offline", "the root is offline")
    assert service.get("/v1/status")["roots"][0]["reason"]
    service.until_state(dropped, "offline")
    shots = service.query(frame_at(away / dropped.name, 1.0))
    assert shots["results"]
    away.rename(service.videos)
    service.until_state(dropped, "indexed")
    assert service.get("/v1/errors")["errors"] == []


def test_deleted_files_are_forgotten_after_a_while(service: Service, dropped: Path, tmp_path: Path) -> None:
    """A copy, whose video stays, and the only file of a video."""
    copy = service.drop(dropped, "short-lived.mp4")
    only = service.drop(draw_film(tmp_path / "only.mp4", seed=9, shots=2, size=(160, 90)).path)
    for path in (copy, only):
        service.until_state(path, "indexed")
    known = service.get("/v1/status")["videos"]["indexed"]
    for path in (copy, only):
        path.unlink()
    for path in (copy, only):
        service.until(lambda path=path: service.video(path) is None, f"{path.name} is forgotten")  # type: ignore[misc]
    assert service.state(dropped) == "indexed"
    assert service.get("/v1/status")["videos"]["indexed"] == known - 1


def test_events_tell_of_a_new_video(service: Service, films: list[Film]) -> None:
    told: list[dict[str, object]] = []
    listening = threading.Event()

    def listen() -> None:
        with service.http.stream("GET", "/v1/events") as stream:
            for line in stream.iter_lines():
                listening.set()
                if line.startswith("data: "):
                    told.append(json.loads(line[6:]))
                if told and told[-1].get("state") == "indexed":
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    assert listening.wait(30)
    path = service.drop(films[0].path, "announced.mp4")
    listener.join(60)
    states = [event["state"] for event in told if event["path"] == str(path) and "state" in event]
    assert states == ["waiting", "working", "indexed"]


def test_a_file_written_anew_is_another_video(service: Service, films: list[Film]) -> None:
    path = service.drop(films[0].path, "changing.mp4")
    service.until_state(path, "indexed")
    before = service.video(path)
    assert before is not None
    shutil.copyfile(films[2].path, path)
    service.until(
        lambda: (
            (row := service.video(path)) is not None
            and row["state"] == "indexed"
            and row["video_id"] != before["video_id"]
        ),
        "the new content is indexed",
    )


def test_a_watched_folder_is_left_as_it_is(service: Service, tmp_path: Path) -> None:
    film = draw_film(tmp_path / "left.mp4", seed=11, shots=3, size=(160, 90))
    path = service.drop(film.path)

    def state() -> dict[Path, tuple[int, ...]]:
        stats = {one: one.stat() for one in (service.videos, *service.videos.rglob("*"))}
        return {one: (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for one, s in stats.items()}

    before = state()
    service.until_state(path, "indexed")
    best(service, film, 1)
    assert service.post("/v1/rescan") == {"scanning": True}
    service.restart()
    assert service.state(path) == "indexed"
    assert state() == before
    assert path.read_bytes() == film.path.read_bytes()
