"""What a service costs at a size of its library: its start, its memory, its small answers, its stop.

The library is made (`bench.made_library`); its videos lie outside the watched folder, which is empty.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import httpx

from bench.made_library import KEYFRAMES_PER_VIDEO, made_library, made_path, made_picture
from support import running
from support.made_rows import video_name

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
READ_BYTES = 1 << 24
POLL_S = 0.01
PATIENCE_S = 600.0
ASKED_TIMES = 7
QUESTION_SIZE = 640, 360
LOG_END = 10_000

Figures = dict[str, float]
"""Figures of one library by their names, which end in their units."""


def service_figures(data: Path, keyframes: int, *, cold: bool) -> Figures:
    """Return what a start, some answers and the stop of a service on a made library take."""
    with tempfile.TemporaryDirectory(prefix="cbvir-") as name:
        folder = Path(name)
        (folder / "data").symlink_to(data)
        tables: dict[str, dict[str, object]] = {
            "models": {"profile": "builtin"},
            "search": {"exact_time_s": 0},
            "watch": {"folders": [str(folder / "videos")]},
        }
        (folder / "videos").mkdir()  # while a watched folder is away, videos are counted one by one
        config = running.write_config(folder, tables)
        if cold:
            drop_page_cache(data)
        with (folder / "log").open("wb") as log:
            begun = time.perf_counter()
            process = subprocess.Popen(running.command(config), stderr=log)
        try:
            with httpx.Client(
                transport=httpx.HTTPTransport(uds=str(folder / running.SOCKET)),
                base_url="http://cbvird",
                timeout=PATIENCE_S,
            ) as http:
                return _figures(process, http, folder / running.SOCKET, begun, keyframes)
        except (RuntimeError, httpx.HTTPError) as error:
            raise RuntimeError(f"{error}\n{(folder / 'log').read_text()[-LOG_END:]}") from error
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def drop_page_cache(folder: Path) -> bool:
    """Empty the page cache; where that is not allowed, only of the files in `folder`.  Return whether all."""
    os.sync()
    try:
        DROP_CACHES.write_text("3")
    except OSError:
        for path in folder.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return False
    return True


def fill_page_cache(folder: Path) -> None:
    """Read all files in a folder once, so that they are in the page cache where it has the room."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(READ_BYTES):
                    pass


def _figures(
    process: subprocess.Popen[bytes], http: httpx.Client, path: Path, begun: float, keyframes: int
) -> Figures:
    _until(process, lambda: _listens(path) and http.get("/healthz").is_success)
    figures = {"ready_s": time.perf_counter() - begun, "ready_read_MB": _read_mb(process.pid)}
    figures["ready_cpu_s"] = _cpu_s(process.pid)
    done, data = cv2.imencode(".jpg", made_picture(77, QUESTION_SIZE)[..., ::-1])
    assert done
    _query(http, data.tobytes())
    figures |= {"first_answer_s": time.perf_counter() - begun, "first_answer_read_MB": _read_mb(process.pid)}
    _until(process, lambda: "solar" in _query(http, data.tobytes())["stages_ms"])
    figures |= {"both_networks_s": time.perf_counter() - begun, "anonymous_MB": anonymous_mb(process.pid)}
    video = min(7, (keyframes - 1) // KEYFRAMES_PER_VIDEO)
    for what, place, parameters in (
        ("status", "/v1/status", {}),
        ("metrics", "/metrics", {}),
        ("page_of_videos", "/v1/videos", {"limit": "50"}),
        ("errors", "/v1/errors", {}),
        ("look-up_by_path", "/v1/videos", {"video": str(made_path(video))}),
        ("look-up_by_id", f"/v1/videos/{video_name(video)}", {}),
    ):
        times = [_timed_ms(http, place, parameters) for _ in range(ASKED_TIMES)]
        figures[f"{what}_first_ms"] = times[0]
        figures[f"{what}_ms"] = statistics.median(times[1:])
    figures["anonymous_at_the_end_MB"] = anonymous_mb(process.pid)
    asked = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE_S)
    figures["stop_s"] = time.perf_counter() - asked
    return figures


def _query(http: httpx.Client, picture: bytes) -> dict[str, dict[str, float]]:
    response = http.post("/v1/query", content=picture)
    response.raise_for_status()
    answer: dict[str, dict[str, float]] = response.json()
    return answer


def _timed_ms(http: httpx.Client, place: str, parameters: dict[str, str]) -> float:
    begun = time.perf_counter()
    http.get(place, params=parameters).raise_for_status()
    return 1e3 * (time.perf_counter() - begun)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(str(path)) == 0


def _until(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the service has ended, or does not answer in time")
        time.sleep(POLL_S)


def _read_mb(pid: int) -> float:
    """Return what a process has had read from the disk, mapped files too."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("read_bytes"))) / 1e6


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def anonymous_mb(pid: int) -> float:
    """Return the memory that is a process's own: no page of a file."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Anonymous:"))) * 1024 / 1e6


def size_figures(folder: Path, keyframes: int) -> Figures:
    """Return the figures of a made library of that size, from a cold page cache and again from a warm one."""
    data = made_library(folder, keyframes)
    cold = service_figures(data, keyframes, cold=True)
    warm = service_figures(data, keyframes, cold=False)
    again = {f"warm_{name}": warm[name] for name in ("ready_s", "ready_cpu_s", "first_answer_s")}
    return cold | again
