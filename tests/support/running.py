"""A real cbvird for the demo, the benchmarks and the tests, and the client as a user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
SOCKET = "cbvir.sock"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Service:
    """A running cbvird and the client that speaks to it."""

    process: subprocess.Popen[bytes]
    socket: Path

    def ctl(self, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
        """Runs ``cbvirctl`` as a user would."""
        command = [str(BIN / "cbvirctl"), *arguments, "--socket", str(self.socket)]
        return subprocess.run(command, text=True, stdout=subprocess.PIPE if capture else None, check=False)

    def json(self, *arguments: str) -> dict[str, Any]:
        """The document of ``cbvirctl ... --json``."""
        document: dict[str, Any] = json.loads(self.ctl(*arguments, "--json", capture=True).stdout)
        return document


@contextmanager
def service(folder: Path, **tables: dict[str, object]) -> Iterator[Service]:
    """A cbvird on `folder/data`, with these tables of config.toml; stopped at the end."""
    config, socket, log = write_config(folder, tables), folder / SOCKET, folder / "cbvird.runtime.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command(config), stderr=stream)
        try:
            _await_socket(process, socket, log)
            yield Service(process, socket)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def write_config(folder: Path, tables: dict[str, dict[str, object]]) -> Path:
    """A config.toml in `folder` for a service that keeps its data and its socket there."""
    own: dict[str, object] = {"data_dir": str(folder / "data"), "socket": str(folder / SOCKET)}
    config = folder / "config.toml"
    config.write_text(_toml(tables | {"service": own | tables.get("service", {})}))
    return config


def command(config: Path) -> list[str]:
    """How the service is started."""
    return [str(BIN / "cbvird"), "--config", str(config)]


def _await_socket(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"cbvird did not start:\n{log.read_text()}")
        time.sleep(0.1)


def _toml(tables: dict[str, dict[str, object]]) -> str:
    # Strings, numbers, booleans and lists of them are written alike in JSON and TOML.
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )
