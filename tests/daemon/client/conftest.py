"""The client as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbvirctl.__main__ import main
from support import warm
from support.films import Film
from support.services import Service, frame_at, jpeg


@dataclass(frozen=True)
class Done:
    """What a command of the client has said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        made: dict[str, Any] = json.loads(self.out)
        return made

    @property
    def error(self) -> dict[str, Any]:
        """The error in it."""
        found: dict[str, Any] = self.document["error"]
        return found


class Ask:
    """Runs ``cbvirctl`` against a service."""

    def __call__(self, service: Service, *arguments: str, stdin: bytes | None = None) -> Done:
        line = [*arguments, "--socket", str(service.socket)]
        try:
            code, out, err = warm.run("cbvirctl", *line, stdin=stdin, timeout=90)
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"{late}; {service.trouble()}")
        return Done(code, out.decode(), err.decode())


@pytest.fixture(scope="session")
def ask() -> Ask:
    return Ask()


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The client in this process, which is quicker: its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cbvirctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def picture(films: list[Film], tmp_path: Path) -> Path:
    """A frame of the first film, as a file."""
    path = tmp_path / "picture.jpg"
    path.write_bytes(jpeg(frame_at(films[0].path, 1.0)))
    return path
