"""The doctor names each planted fault and says what to do, and finds nothing wrong where nothing is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import lmdb
import pytest

from cbvir_core.store import Store, Table
from cbvir_core.store.environment import Environment
from cbvir_core.store.layout import pack_number
from cbvird.care.doctor import folders, service, system
from cbvird.care.doctor.__main__ import findings
from cbvird.care.doctor.finding import Finding, Level
from cbvird.config import load_settings
from cbvird.ingest.job_rows import Job, JobRows, JobState
from support.films import Film
from support.running import BIN
from support.services import Service

Plant = Callable[["Place"], object]


class Place:
    """An installation on the disk: configuration, data folder, watched folder."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        self.videos = folder / "videos"
        self.videos.mkdir()
        self.config = folder / "config.toml"
        self.configure()

    def configure(self, service: str = "", watch: str = "", rest: str = "") -> None:
        """Write config.toml, with more lines in its tables."""
        watched = watch or f'folders = ["{self.videos}"]'
        self.config.write_text(
            f'[service]\ndata_dir = "{self.data}"\nsocket = "{self.folder}/s.sock"\n{service}\n'
            f"[watch]\n{watched}\n{rest}\n"
        )

    def findings(self, *, deep: bool = False) -> list[Finding]:
        return list(findings(self.config, deep=deep))


@pytest.fixture(scope="module")
def indexed(make_service: Callable[..., Service], refined: Path, films: list[Film]) -> Path:
    """A data folder with a library that a service made."""
    service = make_service(refined)
    service.index(film.path for film in films[:1])
    service.stop()
    return service.data


@pytest.fixture
def place(tmp_path: Path, indexed: Path) -> Place:
    shutil.copytree(indexed, tmp_path / "data", symlinks=True)
    return Place(tmp_path, tmp_path / "data")


def test_nothing_is_wrong_with_a_good_installation(place: Place) -> None:
    found = place.findings(deep=True)
    assert [finding for finding in found if finding.level == Level.FAULT] == []
    assert {finding.check for finding in found} >= {
        *("configuration", "watched folders", "data folder", "disk", "inotify", "open files", "clock"),
        *("versions", "service", "store", "files", "index", "weights"),
    }


def test_a_data_folder_that_anybody_may_read_is_noted(place: Place) -> None:
    place.data.chmod(0o755)
    assert any(one.level == Level.NOTE and "anybody may read" in one.said for one in place.findings())
    place.data.chmod(0o750)
    assert not any("anybody" in one.said for one in place.findings())


def watching(name: str) -> Plant:
    """Watch one of the places of the installation."""
    return lambda place: place.configure(watch=f'folders = ["{getattr(place, name)}"]')


def broken(path: str, content: bytes = b"nonsense") -> Plant:
    return lambda place: (place.data / path).write_bytes(content)


def flipped(pattern: str) -> Plant:
    """Change the last byte of the first file of a pattern."""

    def plant(place: Place) -> None:
        path = min(place.data.glob(pattern))
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    return plant


def cut_short(path: str) -> Plant:
    return lambda place: os.truncate(place.data / path, 9000)


def of_another_schema(place: Place) -> None:
    with closing(Environment(place.data / "store")) as environment:
        environment.write(lambda txn: txn.put(Table.META, b"schema", b"99"))


def without_a_still(place: Place) -> None:
    with closing(Environment(place.data / "store")) as environment:
        environment.write(lambda txn: txn.delete(Table.STILLS, pack_number(1)))


def of_the_future(place: Place) -> None:
    with Store.open(place.data / "store", clock=lambda: time.time() + 10 * 365 * 86400) as store:
        video = store.videos()[0]
        from cbvir_core.store import tables

        record = replace(video, added_at=time.time() + 10 * 365 * 86400)
        store._environment.write(lambda txn: tables.put_video(txn, record))


def waiting_for_years(place: Place) -> None:
    rows = JobRows.open(place.data / "jobs")
    late = Job(place.videos / "a.mp4", 1, 1, JobState.FAILED, retry_at=time.time() + 10 * 365 * 86400)
    rows.write([late], [])
    rows.close()


def jobs_of_another_release(place: Place) -> None:
    with lmdb.open(str(place.data / "jobs")) as environment, environment.begin(write=True) as txn:
        txn.put(b"schema", b"99")


def left_socket(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.folder / "s.sock"))


@pytest.mark.parametrize(
    ("plant", "check", "said"),
    [
        (lambda place: place.config.write_text("[watch"), "configuration", "is not valid TOML"),
        (lambda place: place.configure(rest="[wach]\nfolders = []"), "configuration", "wach"),
        (lambda place: place.configure(watch="settle_s = -1"), "configuration", "settle_s"),
        (lambda place: place.configure(service=f'socket_ = "{"x" * 200}"'), "configuration", "socket_"),
        (lambda place: place.config.unlink(), "configuration", "cannot be read"),
        (lambda place: place.videos.rmdir(), "watched folders", "is not there"),
        (
            lambda place: place.configure(watch=f'folders = ["{place.config}"]'),
            "watched folders",
            "no folder",
        ),
        (
            lambda place: place.configure(watch=f'folders = ["{place.data}"]'),
            "watched folders",
            "is the data folder",
        ),
        (
            lambda place: place.configure(watch=f'folders = ["{place.folder}"]'),
            "watched folders",
            "data lies in the watched folder",
        ),
        (lambda place: (place.data / "restoring").mkdir(), "data folder", "a restore was cut short"),
        (lambda place: place.data.chmod(0o777), "data folder", "anybody may write"),
        (broken("store/data.mdb"), "store", "cannot be read"),
        (cut_short("store/data.mdb"), "store", "cut short"),
        (of_another_schema, "store", "does not understand"),
        (without_a_still, "store", "row 1 should be there"),
        (of_the_future, "clock", "something was noted on"),
        (waiting_for_years, "files", "the clock was ahead"),
        (broken("jobs/data.mdb"), "files", "cannot be read"),
        (cut_short("jobs/data.mdb"), "files", "cut short"),
        (jobs_of_another_release, "files", "another release"),
        (broken("calibration.json"), "calibration", "cannot be read"),
        (flipped("models/seeded/filter.safetensors"), "weights", "is damaged"),
        (lambda place: place.configure(rest='[models]\nprofile = "none"'), "weights", "no filter weights"),
        (left_socket, "service", "left of a service that ended"),
        (lambda place: (place.folder / "s.sock").write_text(""), "service", "is no socket"),
    ],
)
def test_a_planted_fault_is_named_with_what_to_do(place: Place, plant: Plant, check: str, said: str) -> None:
    plant(place)
    found = [one for one in place.findings(deep=True) if one.level == Level.FAULT]
    named = [one for one in found if one.check == check and said in one.said]
    assert named, found
    assert named[0].advice or check == "weights"  # whose sentences end with the advice


@pytest.mark.parametrize("folder", ["index/generation-1", "frames"])
@pytest.mark.parametrize("kind", ["manifest", "flipped", "lost"])
def test_a_damaged_index_is_named(place: Place, folder: str, kind: str) -> None:
    index = place.data / folder
    index.mkdir(parents=True, exist_ok=True)
    (index / "part").mkdir(exist_ok=True)
    (index / "part" / "a.bin").write_bytes(b"1234")
    digest = "0" * 32 if kind == "flipped" else "1" * 32
    if kind == "lost":
        (index / "part" / "a.bin").unlink()
    entry = {"name": "part", "files": {"a.bin": digest}}
    manifest = "{" if kind == "manifest" else json.dumps({"format": 1, "segments": [entry]})
    (index / "manifest.json").write_text(manifest)
    found = [one for one in place.findings() if one.check == "index" and one.level == Level.FAULT]
    assert len(found) == 1
    assert str(index) in found[0].said


@contextmanager
def answering(place: Place, document: dict[str, Any]) -> Iterator[None]:
    """Let a process answer on the socket as a service would."""
    body = json.dumps(document).encode()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.folder / "s.sock"))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body)

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


def test_a_service_of_another_version_is_named(place: Place) -> None:
    with answering(place, {"service": {"version": "0.0.1"}, "roots": [{"path": "/a", "state": "offline"}]}):
        found = list(service.check_service(load_settings(place.config)))
    assert [(one.level, "0.0.1" in one.said or "/a is away" in one.said) for one in found] == [
        (Level.FAULT, True),
        (Level.NOTE, True),
    ]


def test_a_unit_that_starts_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "cbvird.service").write_text("[Service]\nExecStart=/nowhere/cbvird --x\n")
    (found,) = service.check_units((tmp_path, tmp_path / "none"))
    assert (found.level, "/nowhere/cbvird" in found.said) == (Level.FAULT, True)


@pytest.mark.parametrize(("watches", "instances", "faults"), [(1, 128, 1), (8192, 2, 1), (8192, 128, 0)])
def test_limits_of_inotify_are_compared_with_the_folders(
    place: Place, tmp_path: Path, watches: int, instances: int, faults: int
) -> None:
    limits = tmp_path / "inotify"
    limits.mkdir()
    (limits / "max_user_watches").write_text(f"{watches}\n")
    (limits / "max_user_instances").write_text(f"{instances}\n")
    found = list(system.check_inotify(load_settings(place.config), limits))
    assert sum(one.level == Level.FAULT for one in found) == faults


def test_a_clock_of_the_past_is_named() -> None:
    (found,) = system.check_clock(None, now=86400.0)
    assert (found.level, found.said[:14]) == (Level.FAULT, "the clock show")


def test_a_full_disk_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MIN_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(folders, "MIN_FREE_FILES", 1 << 60)
    found = [one for one in place.findings() if one.check == "disk"]
    assert [one.level for one in found] == [Level.FAULT] * len(found)


def test_few_open_files_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "MIN_OPEN_FILES", 1 << 40)
    (found,) = system.check_limits()
    assert found.level == Level.FAULT or "may be open" in found.said


def test_packages_that_are_too_old_are_named() -> None:
    assert system._too_old("lmdb>=1.5") is None
    assert system._too_old("lmdb>=99") == f"lmdb {lmdb.__version__} is older than 99"
    assert system._too_old("no-such-package>=1") == "no-such-package is not installed"


def test_the_command_prints_faults_and_ends_with_5(place: Place) -> None:
    command = [str(BIN / "cbvirctl"), "doctor", "--config", str(place.config)]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "nothing is wrong")
    place.videos.rmdir()
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout.splitlines()[-1]) == (5, "1 fault")
    assert "-> mount its disk" in bad.stdout
    document = json.loads(subprocess.run([*command, "--json"], capture_output=True, check=False).stdout)
    assert document["faults"] == 1
