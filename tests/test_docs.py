"""The documents: every command, setting, exit code, route and metric is there, and what they show runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from typer.main import get_command

from cbvir_core.decode import read_frames
from cbvir_shared.exit_codes import ExitCode
from cbvirctl.__main__ import app as client
from cbvird.config.settings import load_settings, tables
from support.conversions import bring_builtin
from support.films import draw_film
from support.running import Service, service

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def blocks(language: str) -> list[tuple[str, str]]:
    """The code of every document in one language, with the document's name."""
    return [
        (path.name, code)
        for path in DOCUMENTS
        for found, code in BLOCK.findall(path.read_text("utf-8"))
        if found == language
    ]


def shell_lines() -> list[str]:
    """Every command that a document shows, without its prompt."""
    return [
        line[2:]
        for _, code in blocks("console")
        for line in code.splitlines()
        if line.startswith(("$ ", "# "))
    ]


def commands(group: object, prefix: str = "") -> Iterator[str]:
    """The names of all commands that ``--help`` lists, as they are typed."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        if command.hidden:
            continue
        if getattr(command, "commands", None):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


# --- nothing is missing ----------------------------------------------------------------------------


def test_every_command_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `([a-z ]+)` \|", REFERENCE, re.MULTILINE)
    assert sorted(documented) == sorted(commands(get_command(client)))


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", REFERENCE, re.MULTILINE)}
    assert documented == {code.value for code in ExitCode}


def test_every_setting_has_its_line_in_config_toml() -> None:
    document = tomllib.loads((ROOT / "config.toml").read_text("utf-8"))
    assert {name: set(keys) for name, keys in document.items()} == {
        name: set(table.model_fields) for name, table in tables().items()
    }


def test_every_file_that_a_document_links_to_is_there() -> None:
    missing = [
        f"{path.name}: {target}"
        for path in DOCUMENTS
        for target in LINK.findall(path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert missing == []


def test_every_path_of_the_project_that_a_document_names_is_there() -> None:
    named = re.compile(r"`((?:cbvir_core|daemon|tests|docs|systemd)/[\w/.]+)`")
    missing = [
        f"{path.name}: {name}"
        for path in DOCUMENTS
        for name in named.findall(path.read_text("utf-8"))
        if not (ROOT / name).exists()
    ]
    assert missing == []


# --- what they show runs ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in networks, converted for every program that the documents show."""
    return bring_builtin(tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def home(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the files that the documents name: two films, and pictures of one of them."""
    folder = tmp_path_factory.mktemp("docs")
    film = draw_film(folder / "film.mp4", seed=5, shots=4, size=(320, 180), rate=12)
    with read_frames(film.path, samples_per_s=1.0) as frames:
        pictures = [frame.image for frame in frames]
    picture = pictures[5]
    for name in ("query.jpg", "picture.jpg"):
        cv2.imwrite(str(folder / name), picture[:, :, ::-1])
    for name, place in (("first.jpg", 2), ("second.jpg", 5), ("third.jpg", 8)):
        cv2.imwrite(str(folder / name), pictures[place][:, :, ::-1])
    page = np.full((300, 400, 3), 255, np.uint8)
    page[80:215, 40:280] = cv2.resize(picture[:, :, ::-1], (240, 135), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "page.png"), page)
    shutil.copy(film.path, folder / "clip.mp4")
    (folder / "Videos").mkdir()
    (folder / "data").mkdir()
    (folder / "data" / "cache").symlink_to(networks)
    shutil.copy(film.path, folder / "Videos" / "film.mp4")
    return folder


@pytest.mark.parametrize(("document", "code"), blocks("python"))
def test_python_runs(home: Path, document: str, code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{document}: {done.stderr}"


@pytest.mark.parametrize(("document", "text"), blocks("toml"))
def test_every_configuration_that_is_shown_can_be_used(tmp_path: Path, document: str, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    assert load_settings(file), document


@pytest.fixture(scope="module")
def running(home: Path, networks: Path) -> Iterator[Service]:
    """A service that watches the folder ``Videos`` of the working folder and has indexed it."""
    with tempfile.TemporaryDirectory(prefix="cbvir-") as name:  # a path short enough for a socket
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "data" / "cache").symlink_to(networks)
        watch = {"folders": [str(home / "Videos")], "settle_s": 0.2}
        with service(folder, watch=watch, web={"listen": "127.0.0.1:0"}) as started:
            assert started.ctl("wait", "--timeout", "120", capture=True).returncode == 0
            yield started


def test_every_client_command_that_is_shown_runs(home: Path, running: Service) -> None:
    shown = [line for line in shell_lines() if line.startswith(".venv/bin/cbvirctl ")]
    assert len(shown) >= 10
    environment = os.environ | {"HOME": str(home), "CBVIR_SOCKET": str(running.socket)}
    failed = []
    for line in shown:
        command = line.replace(".venv/bin/cbvirctl", f"{shlex.quote(sys.executable)} -m cbvirctl")
        command = command.replace(" film.mp4", " Videos/film.mp4")
        done = subprocess.run(
            command, shell=True, cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:  # a query too: the picture is a frame of the film
            failed.append(f"{line}: {done.returncode} {done.stdout}{done.stderr}")
    assert failed == []


def test_every_route_is_documented_and_no_other(running: Service) -> None:
    with client_of(running) as http:
        paths = http.get("/openapi.json").raise_for_status().json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    documented = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`]+)`", REFERENCE))
    assert documented == routes


def test_every_metric_is_documented_and_no_other(running: Service) -> None:
    with client_of(running) as http:
        families = re.findall(r"^# TYPE (\w+) ", http.get("/metrics").raise_for_status().text, re.MULTILINE)
    measured = {name for name in families if not name.endswith("_created")}
    assert measured == set(re.findall(r"^\| `(cbvir_\w+)` \|", REFERENCE, re.MULTILINE))


def client_of(running: Service) -> httpx.Client:
    """A client of the service's socket."""
    transport = httpx.HTTPTransport(uds=str(running.socket))
    return httpx.Client(transport=transport, base_url="http://cbvird", timeout=60)


def test_every_make_target_that_is_shown_is_there() -> None:
    targets = {line.split()[1] for line in shell_lines() if line.startswith("make ")}
    assert {"demo", "test", "install"} <= targets
    for target in sorted(targets):
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=True)


def test_every_unit_that_is_copied_is_there() -> None:
    copied = re.findall(r"(?<![\w/])systemd/[\w.]+", "\n".join(shell_lines()))
    assert copied
    assert all((ROOT / name).exists() for name in copied)
