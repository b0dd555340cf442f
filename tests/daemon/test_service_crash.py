"""Decoders that crash or hang, a service that is killed, a disk that is full: one file, never more."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.films import Film
from support.services import PATIENCE_S, Service, frame_at


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(timeout_s=PATIENCE_S)


def test_a_keyframe_is_found_while_its_video_is_being_read(service: Service, long_film: Film) -> None:
    path = service.drop(long_film.path)
    service.until_keyframes(path, 8)
    worker = service.worker()
    os.kill(worker, signal.SIGSTOP)
    answer = service.query(frame_at(long_film.path, long_film.middles[0]))
    assert service.state(path) == "working"
    assert answer["results"][0]["path"] == str(path)
    os.kill(worker, signal.SIGCONT)


def test_a_worker_that_crashes_costs_one_try(service: Service, long_film: Film, films: list[Film]) -> None:
    path = service.videos / long_film.path.name
    os.kill(service.worker(), signal.SIGSEGV)
    service.until_state(path, "failed")
    error = service.error(path)
    assert error is not None
    assert error["code"] == "decode_crashed"
    assert "SIGSEGV" in error["message"]
    assert str(path) in error["message"]
    row = service.video(path)
    assert row is not None
    assert f"{row['keyframes']} keyframes, can be found" in error["message"]
    assert row["error"] == error["message"]
    assert error["retry_at"] > time.time()
    other = service.drop(films[1].path)
    service.until_state(other, "indexed")


def test_a_stop_is_quick_and_the_video_starts_over(service: Service, long_film: Film) -> None:
    path = service.videos / long_film.path.name
    service.post("/v1/retry", video=str(path))
    service.until_keyframes(path, 8)
    before = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - before < 15
    assert not service.socket.exists()
    service.start()
    service.until_state(path, "working")
    assert service.error(path) is None


def test_killed_in_the_middle_it_goes_on_without_doubles_or_losses(
    service: Service, long_film: Film, films: list[Film]
) -> None:
    path = service.videos / long_film.path.name
    service.until_keyframes(path, 20)
    worker = service.worker()
    service.stop(signal.SIGKILL)
    assert service.socket.exists()
    late = service.drop(films[2].path, "while-it-was-dead.mp4")
    service.start()
    service.until(lambda: not Path(f"/proc/{worker}").exists(), "the orphaned worker has ended")
    service.until_state(path, "indexed")
    service.until_state(late, "indexed")
    row = service.video(path)
    assert row is not None
    times = [frame["time_s"] for frame in service.keyframes(row["video_id"])]
    assert len(times) == row["keyframes"] == len(set(times))
    assert times == sorted(times)
    assert times[-1] > long_film.duration_s - 30
    status = service.get("/v1/status")
    assert status["keyframes"] == sum(video["keyframes"] for video in service.get("/v1/videos")["videos"])


def test_a_worker_that_hangs_costs_one_try(make_service: Callable[..., Service], long_film: Film) -> None:
    service = make_service(timeout_s=1.0)
    path = service.drop(long_film.path)

    def stopped_for_too_long() -> bool:
        for worker in service._workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGSTOP)
        return service.state(path) == "failed"

    service.until(stopped_for_too_long, "it counts as hanging")
    error = service.error(path)
    assert error is not None
    assert error["code"] == "decode_timeout"
    assert error["retry_at"] > time.time()
    service.stop()


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _may_mount() -> bool:
    trial = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(trial, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not _may_mount(), reason="needs a user namespace, to mount a small disk in it")
def test_a_full_disk_makes_videos_wait_and_queries_go_on(prepared: Path, films: list[Film]) -> None:
    disk = 'mount -t tmpfs -o size=90m tmpfs "$0" && cp -r "$1"/. "$0" && shift 1 && exec "$@"'
    service = Service(prepared)
    try:
        away = service.data.rename(service.folder / "before")
        service.data.mkdir()
        service.prefix = ("unshare", "-rm", "sh", "-c", disk, str(service.data), str(away))
        service.start()
        first = service.drop(films[0].path)
        service.until_state(first, "indexed")
        ballast = Path(f"/proc/{service.pid}/root{service.data}/ballast")
        _fill(ballast)
        second = service.drop(films[1].path)
        service.until_state(second, "failed")
        error = service.error(second)
        assert error is not None
        assert error["code"] == "disk_full", error
        assert error["retry_at"] > time.time()
        known = service.video(first)
        assert known is not None
        middle = films[0].middles[2]
        assert service.query(frame_at(films[0].path, middle))["results"][0]["path"] == str(first)
        answered = service.http.delete(f"/v1/videos/{known['video_id']}")
        if answered.status_code != 200:  # the store may have room in itself: pages of the try that failed
            assert (answered.status_code, answered.json()["error"]["code"]) == (507, "disk_full")
            assert service.state(first) == "indexed"  # what could not be forgotten is not said to be
        ballast.unlink()
        service.post("/v1/retry")
        service.until_state(second, "indexed")
        assert service.error(second) is None
    finally:
        service.close()
