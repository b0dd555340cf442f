"""The unit files: what systemd itself says of them, and what the service relies on."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cbvir_shared import default_paths

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SYSTEM = [UNITS / "cbvird.service", UNITS / "cbvird.socket"]
USER = [UNITS / "user" / "cbvird.service", UNITS / "user" / "cbvird.socket"]

EXPOSURE = 12
"""Tenths, as `systemd-analyze security` counts: 0 is locked up, 100 has no protection at all."""


def tool(name: str) -> str:
    """Path of a systemd program; skips where this machine has none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: the package systemd)")
    return path


def run(*command: str | Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime), "SYSTEMD_LOG_LEVEL": "notice"},
    )


def unit(path: Path) -> configparser.ConfigParser:
    """A unit file; of a key that is given twice the last value is kept."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Copies of the units with a program that exists here in the place of the installed one."""
    for file in (*SYSTEM, *USER):
        copy = tmp_path / file.relative_to(UNITS)
        copy.parent.mkdir(exist_ok=True)
        program = unit(file).get("Service", "ExecStart", fallback="-")
        copy.write_text(file.read_text().replace(f"ExecStart={program}", "ExecStart=/bin/true"))
    return tmp_path


@pytest.mark.parametrize("scope", ["--system", "--user"])
def test_systemd_has_nothing_to_complain_about(scope: str, installed: Path) -> None:
    files = [installed / file.relative_to(UNITS) for file in (SYSTEM if scope == "--system" else USER)]
    done = run(tool("systemd-analyze"), scope, "verify", "--man=no", *files, runtime=installed)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "cbvir" in line]
    assert (done.returncode, ours) == (0, [])


def test_a_mistake_in_a_unit_would_be_noticed(installed: Path) -> None:
    with (installed / "cbvird.service").open("a") as file:
        file.write("\n[Service]\nProtectSytem=strict\n")
    done = run(
        tool("systemd-analyze"),
        "verify",
        "--man=no",
        installed / "cbvird.service",
        installed / "cbvird.socket",
        runtime=installed,
    )
    assert "ProtectSytem" in done.stdout + done.stderr


def test_the_machines_service_is_locked_up(installed: Path) -> None:
    done = run(
        tool("systemd-analyze"),
        "security",
        "--offline=yes",
        f"--threshold={EXPOSURE}",
        installed / "cbvird.service",
        runtime=installed,
    )
    assert done.returncode == 0, done.stdout


def test_with_the_drop_in_the_service_has_a_network_and_nothing_else_changes(installed: Path) -> None:
    folder = installed / "cbvird.service.d"
    folder.mkdir()
    shutil.copy(UNITS / "network.conf", folder)
    program = installed / "cbvird.service"
    verified = run(tool("systemd-analyze"), "verify", "--man=no", program, runtime=installed)
    assert [line for line in verified.stderr.splitlines() if "cbvir" in line] == []
    done = run(tool("systemd-analyze"), "security", "--offline=yes", program, runtime=installed)
    opened = [line for line in done.stdout.splitlines() if line.startswith("✗") and "INET" in line]
    assert len(opened) == 1


def test_the_units_let_the_service_confine_what_it_starts() -> None:
    for path in (SYSTEM[0], USER[0]):
        assert "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self" in (
            path.read_text().splitlines()
        )


def test_user_and_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "run").mkdir()
    sysusers = run(tool("systemd-sysusers"), f"--root={tmp_path}", UNITS / "cbvir.sysusers", runtime=tmp_path)
    assert sysusers.returncode == 0, sysusers.stderr
    assert "cbvir:" in (tmp_path / "etc" / "passwd").read_text()
    assert "cbvir:" in (tmp_path / "etc" / "group").read_text()
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    tmpfiles = run(
        tool("systemd-tmpfiles"),
        f"--root={tmp_path}",
        "--create",
        UNITS / "cbvir.tmpfiles",
        runtime=tmp_path,
    )
    assert tmpfiles.returncode == 0, tmpfiles.stderr
    assert (tmp_path / "run" / "cbvir").stat().st_mode & 0o777 == 0o750


def test_sockets_lie_where_the_client_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    system, user = (unit(files[1])["Socket"] for files in (SYSTEM, USER))
    assert Path(system["ListenStream"]) == default_paths.SYSTEM_SOCKET
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert user["ListenStream"].replace("%t", "/run/user/1000") == str(default_paths.socket())
    assert system["SocketMode"] == user["SocketMode"] == "0660"


@pytest.mark.parametrize("files", [SYSTEM, USER], ids=["system", "user"])
def test_what_the_service_relies_on_is_said(files: list[Path]) -> None:
    service = unit(files[0])["Service"]
    assert service["Type"] == "notify"
    assert service["WatchdogSec"]
    assert service["Restart"] == "on-failure"
    assert service["NoNewPrivileges"] == "yes"
    assert service["OOMPolicy"] == "continue"
    assert "MemoryDenyWriteExecute" not in service


def test_homes_can_be_read_but_nothing_of_the_system_written() -> None:
    service = unit(SYSTEM[0])["Service"]
    assert (service["ProtectSystem"], service["ProtectHome"]) == ("strict", "read-only")
    assert service["StateDirectory"] == service["RuntimeDirectory"] == "cbvir"
    assert "ReadWritePaths" not in service
