"""A real cbvird on a folder of its own, for tests that speak to it over its socket."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest

from cbvir_core import Image
from cbvir_core.decode import read_frames
from cbvird.app import STACK_DUMP_SIGNAL
from cbvird.worker.process import DECODE_PROCESS_NAME
from support import running, warm

PATIENCE_S = 90.0
LOG_END = 20_000
"""Characters, enough for the stacks of all threads."""


class Service:
    """One cbvird and everything that a test does with it."""

    forked = False
    """Whether it is forked from a process that has imported it already; a benchmark wants the whole start."""

    def __init__(
        self,
        prepared: Path,
        *,
        workers: int = 1,
        timeout_s: float = 30.0,
        prefix: tuple[str, ...] = (),
        models: dict[str, object] | None = None,
        search: dict[str, object] | None = None,
        web: dict[str, object] | None = None,
        environment: dict[str, str] | None = None,
        **watch: object,
    ) -> None:
        # pytest's own folders have names too long for a unix socket.
        self.folder = Path(tempfile.mkdtemp(prefix="cbvir-"))
        self.videos = self.folder / "videos"
        self.data = self.folder / "data"
        self.socket = self.folder / running.SOCKET
        self.log = self.folder / "log"
        self.prefix, self.environment = prefix, environment or {}
        self.videos.mkdir()
        tables: dict[str, dict[str, object]] = {
            "watch": {"folders": [str(self.videos)], "settle_s": 0.2, "rescan_s": 3600} | watch,
            "decode": {"workers": workers, "timeout_s": timeout_s},
            "models": {"profile": "seeded"} | (models or {}),
            # The exact moment takes as much time as there is, and answers are compared.
            "search": {"exact_time_s": 0} | (search or {}),
        }
        if web is not None:
            tables["web"] = {"listen": "127.0.0.1:0"} | web
        self.config = running.write_config(self.folder, tables)
        shutil.copytree(prepared, self.data)
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://cbvird", timeout=PATIENCE_S
        )
        self._process: subprocess.Popen[bytes] | warm.ForkedCommand | None = None

    # --- life ---

    def command(self) -> list[str]:
        return [*self.prefix, *running.command(self.config)]

    def variables(self) -> dict[str, str]:
        return os.environ | self.environment

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = self._started(log.fileno())
        self.until(self._answers, "the service answers")

    def _started(self, log: int) -> subprocess.Popen[bytes] | warm.ForkedCommand:
        if self.forked and not self.prefix:
            forks = warm.forks_of("cbvird")
            if forks.fits(self.variables()):
                return forks.start(self.command()[1:], (0, 1, log), self.variables())
        return subprocess.Popen(self.command(), stderr=log, env=self.variables())

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            if connection.connect_ex(str(self.socket)) != 0:
                return False
        return self.http.get("/healthz").is_success

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def trouble(self) -> str:
        """What the service has said at last, with what each of its threads does now."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(STACK_DUMP_SIGNAL)
            time.sleep(1.0)
        return f"the service's log ends with\n{self.log.read_text()[-LOG_END:]}"

    def restart(self) -> None:
        code = self.stop()
        assert code == 0, f"the service ended with {code}; {self.trouble()}"
        self.start()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(by)
        return self._process.wait(30)

    def wait_end(self) -> int:
        assert self._process is not None
        return self._process.wait(30)

    def close(self) -> None:
        self.http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder)

    # --- files ---

    def drop(self, source: Path, name: str | None = None) -> Path:
        """Bring a file into the watched folder as a download does."""
        target = self.videos / (name or source.name)
        part = target.with_name(target.name + ".part")
        shutil.copyfile(source, part)
        part.rename(target)
        return target

    def index(self, sources: Iterable[Path]) -> None:
        """Drop files together, and wait until all of them are indexed."""
        for path in [self.drop(source) for source in sources]:
            self.until_state(path, "indexed")

    # --- questions ---

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        return self._call("GET", path, params=parameters)

    def post(self, path: str, content: bytes = b"", **parameters: Any) -> dict[str, Any]:
        return self._call("POST", path, params=parameters, content=content)

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            response = self.http.request(method, path, **more)
        except httpx.TransportError as error:
            pytest.fail(f"{error}; {self.trouble()}")
        assert response.is_success, response.text
        document: dict[str, Any] = response.json()
        return document

    def query(self, picture: Image, **parameters: Any) -> dict[str, Any]:
        return self.post("/v1/query", jpeg(picture), **parameters)

    def video(self, path: Path) -> dict[str, Any] | None:
        rows = self.get("/v1/videos")["videos"]
        return next((row for row in rows if str(path) in row["paths"]), None)

    def state(self, path: Path) -> str | None:
        row = self.video(path)
        return row["state"] if row else None

    def error(self, path: Path) -> dict[str, Any] | None:
        errors = self.get("/v1/errors")["errors"]
        return next((error for error in errors if error["path"] == str(path)), None)

    def keyframes(self, video_id: str) -> list[dict[str, Any]]:
        frames: list[dict[str, Any]] = self.get(f"/v1/videos/{video_id}/keyframes")["keyframes"]
        return frames

    # --- waiting ---

    def until(
        self,
        condition: Callable[[], bool],
        what: str,
        patience_s: float = PATIENCE_S,
        interval_s: float = 0.05,
    ) -> None:
        """Wait for a condition; leave the processor to the service between two looks at it."""
        deadline = time.monotonic() + patience_s
        while not condition():
            assert self._process is not None
            assert self._process.poll() is None, f"the service has ended; {self.trouble()}"
            assert time.monotonic() < deadline, f"not in time: {what}; {self.trouble()}"
            time.sleep(interval_s)

    def until_refined(self, picture: bytes) -> None:
        """Wait until SOLAR takes part in answers, which begins when its network is loaded."""
        self.until(lambda: self.post("/v1/query", picture)["refined"], "SOLAR takes part", interval_s=0.5)

    def until_state(self, path: Path, *states: str) -> None:
        self.until(lambda: self.state(path) in states, f"{path.name} is {' or '.join(states)}")

    def until_keyframes(self, path: Path, count: int) -> None:
        """Wait until so many keyframes of a file can be found."""
        self.until(
            lambda: ((self.video(path) or {}).get("keyframes") or 0) >= count, f"{path.name} has keyframes"
        )

    def worker(self) -> int:
        """The process id of a decode worker that is at work."""
        found: list[int] = []

        def one_is_found() -> bool:
            found.extend(self._workers())
            return bool(found)

        self.until(one_is_found, "a decode worker runs")
        return found[0]

    def _workers(self) -> list[int]:
        parents = _parents()
        servers = {pid for pid, parent in parents.items() if parent == self.pid}
        return [
            pid for pid, parent in parents.items() if parent in servers and _name(pid) == DECODE_PROCESS_NAME
        ]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _parents() -> dict[int, int]:
    """Every process and its parent."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(folder.name)] = int(fields[1])
    return found


def jpeg(picture: Image) -> bytes:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()


def frame_at(path: Path, time_s: float) -> Image:
    """The first sampled frame at or after a time."""
    with read_frames(path, samples_per_s=5.0) as frames:
        return next(frame.image for frame in frames if frame.time_s >= time_s)
