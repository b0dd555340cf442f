"""The service under the unit's restrictions, set by hand where no systemd runs.

No privileges and none to gain, no network, its own temporary files, and a file system that is read-only but
for the service's own folder.  The filter of system calls is systemd's own and is not in force here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.films import Film
from support.services import Service, frame_at

RESTRICTED = """
set -e
umask 0077
mount --make-rprivate /
mount --bind "$0" "$0"
mount -t tmpfs tmpfs /dev/shm
mount -o remount,bind,ro /
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""
"""Run by a shell of its own mount and network namespaces; it gets the folder and the command."""


def restricted(folder: Path, *command: str) -> tuple[str, ...]:
    return ("unshare", "--mount", "--net", "sh", "-c", RESTRICTED, str(folder), *command)


@pytest.fixture
def service(tmp_path: Path, prepared: Path, films: list[Film]) -> Callable[[], Service]:
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("only root can set the restrictions (Debian: the package util-linux)")
    tried = subprocess.run(restricted(tmp_path, "true"), capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"this machine lets nobody set them: {tried.stderr.decode()}")

    def make() -> Service:
        made = Service(prepared)
        made.prefix = restricted(made.folder)
        own = made.folder / "tmp"  # for PrivateTmp
        own.mkdir()
        made.environment["TMPDIR"] = str(own)
        return made

    return make


def test_it_takes_in_and_answers(service: Callable[[], Service], films: list[Film]) -> None:
    running = service()
    try:
        running.start()
        state = Path(f"/proc/{running.pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in state
        assert "NoNewPrivs:\t1" in state
        running.index([films[0].path])
        answer = running.query(frame_at(films[0].path, films[0].middles[1]))
        assert answer["results"][0]["path"] == str(running.videos / films[0].path.name)
        status = running.get("/v1/status")
        assert status["service"]["sandbox"] is not None
        made = running.data / "store" / "data.mdb"
        assert not made.exists() or made.stat().st_mode & 0o077 == 0
        running.restart()
        assert running.state(running.videos / films[0].path.name) == "indexed"
    finally:
        running.close()
