"""Weight files that cannot be used: each is refused with what to do, and the profile in use stays."""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.weights import official_sources
from support.films import Film
from support.mirror import Mirror, mirroring
from support.networks import seeded_filter
from support.services import Service

FILTER, SOLAR = (source.file_name for source in official_sources())
FAULTS = ("damaged", "another architecture", "code", "html")


class Exploit:
    """Code in a pickle: it makes a folder where the pickle is read without protection."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.touched),)


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with mirroring() as server:
        yield server


@pytest.fixture(scope="module")
def solar(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a checkpoint as SOLAR's authors publish it, of the smallest backbone."""
    path = tmp_path_factory.mktemp("solar") / SOLAR
    torch.manual_seed(0)
    meta = {"architecture": "resnet18", "pooling": "gem"}
    torch.save({"meta": meta, "state_dict": SolarDescriptor("resnet18").state_dict()}, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def moreso(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder whose filter is in ``moreso``, the profile that can be fetched."""
    data = tmp_path_factory.mktemp("moreso") / "data"
    shutil.copytree(prepared, data)
    (data / "models" / "seeded").rename(data / "models" / "moreso")
    return data


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], moreso: Path, mirror: Mirror, films: list[Film]) -> Service:
    made = make_service(
        moreso,
        models={"profile": "moreso", "mirror": mirror.url + "/"},
        environment={"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    made.until_state(made.drop(films[0].path), "indexed")
    return made


def spoilt(kind: str, solar: bytes, folder: Path) -> bytes:
    """Return the bytes of a file that cannot be used."""
    if kind == "damaged":
        return solar[: len(solar) // 2]
    if kind == "html":
        return b"<!DOCTYPE html><p>Sign in to go on"
    if kind == "code":
        return pickle.dumps(Exploit(folder / "touched"))
    torch.save({"layer1.weight": torch.ones(3)}, folder / "other")
    return (folder / "other").read_bytes()


SAYS = {
    "damaged": "is cut short or no weight file; get the file again",
    "html": "get the file",
    "code": "it holds code or other objects beside tensors, and was not run; get the file from its makers",
    "another architecture": "is for another architecture: neither MobileNetV2 nor SOLAR",
}


@contextmanager
def unharmed(service: Service, ask: Any, picture: Path) -> Iterator[None]:
    """Check that the block changes neither the answers of the service nor the files of the profile."""
    before = service.post("/v1/query", picture.read_bytes())
    files = {path: path.read_bytes() for path in (service.data / "models/moreso").iterdir()}
    yield
    after = service.post("/v1/query", picture.read_bytes())
    assert after["results"] == before["results"] != []
    assert {path: path.read_bytes() for path in (service.data / "models/moreso").iterdir()} == files
    assert ask(service, "models", "verify", "--json").code == 0
    there = {path for path in (service.data / "models").rglob("*") if path.is_file()}
    assert {path for path in there if path.suffix != ".part"} == set(files)


@contextmanager
def room_for(service: Service, size: int) -> Iterator[None]:
    """Let no file of the service grow beyond `size`, as on a full disk."""
    former = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, former)


@pytest.mark.parametrize("kind", FAULTS)
def test_importing_what_is_no_good(
    service: Service, ask: Any, picture: Path, solar: bytes, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "carried.pth"
    path.write_bytes(spoilt(kind, solar, tmp_path))
    with unharmed(service, ask, picture):
        done = ask(service, "models", "import", "moreso", str(path), "--json")
        mismatch = kind == "another architecture"
        assert done.error["code"] == ("weights_mismatch" if mismatch else "weights_damaged")
        assert done.code == 5
        assert done.error["message"].startswith("carried.pth ")
        assert SAYS[kind] in done.error["message"]
    assert not (tmp_path / "touched").exists()


def test_importing_a_published_file_with_another_hash(
    service: Service, ask: Any, picture: Path, tmp_path: Path
) -> None:
    seeded_filter(tmp_path / FILTER)
    with unharmed(service, ask, picture):
        done = ask(service, "models", "import", "moreso", str(tmp_path / FILTER))
    assert done.code == 5
    assert done.err.startswith(f"cbvirctl: {FILTER} does not have the SHA-256 that its name tells; get")


def test_importing_without_room(
    service: Service, ask: Any, picture: Path, solar: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "carried.pth"
    path.write_bytes(solar)
    with unharmed(service, ask, picture), room_for(service, 1 << 20):
        done = ask(service, "models", "import", "moreso", str(path), "--json")
        assert (done.code, done.error["code"], done.error["retry"]) == (5, "disk_full", True)
        assert "no room on the disk to write" in done.error["message"]
        assert "make room" in done.error["message"]


def test_a_sender_that_hangs_up_leaves_nothing_to_be_imported(
    service: Service, ask: Any, picture: Path
) -> None:
    with unharmed(service, ask, picture):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sender:
            sender.connect(str(service.socket))
            sender.sendall(
                b"PUT /v1/models/moreso/files/half.pth HTTP/1.1\r\nhost: cbvird\r\n"
                b"content-length: 99999999\r\n\r\n" + bytes(1 << 20)
            )
            half = service.data / "models/.uploads/moreso/half.pth"
            service.until(half.exists, "the first half has come")
        service.until(lambda: not half.exists(), "it is gone again")


def test_files_that_cannot_be_read_or_have_one_name_are_wrong_usage(
    service: Service, ask: Any, tmp_path: Path
) -> None:
    done = ask(service, "models", "import", "moreso", str(tmp_path / "none.pth"), "--json")
    assert (done.code, done.error["code"]) == (2, "file_unreadable")
    assert str(tmp_path / "none.pth") in done.error["message"]
    assert ask(service, "models", "import", "moreso", "a/net.pth", "b/net.pth").code == 2


@pytest.mark.parametrize("kind", FAULTS)
def test_fetching_what_is_no_good(
    service: Service, ask: Any, picture: Path, mirror: Mirror, solar: bytes, tmp_path: Path, kind: str
) -> None:
    mirror.files = {SOLAR: spoilt(kind, solar, tmp_path)}
    with unharmed(service, ask, picture):
        done = ask(service, "models", "fetch", "moreso", "--json")
        assert done.code == 5
        assert done.error["message"].startswith(f"{mirror.url}/{SOLAR} ")
        assert SAYS[kind] in done.error["message"]
    assert not (tmp_path / "touched").exists()


def test_fetching_from_nowhere(service: Service, ask: Any, picture: Path, mirror: Mirror) -> None:
    mirror.files = {}
    with unharmed(service, ask, picture):
        done = ask(service, "models", "fetch", "moreso")
    assert done.code == 5
    assert f"{mirror.url}/{SOLAR} could not be fetched (" in done.err
    assert "404" in done.err
    assert "models import" in done.err


def test_fetching_without_room(
    service: Service, ask: Any, picture: Path, mirror: Mirror, solar: bytes
) -> None:
    mirror.files = {SOLAR: solar}
    with unharmed(service, ask, picture), room_for(service, 1 << 20):
        done = ask(service, "models", "fetch", "moreso", "--json")
        assert (done.code, done.error["code"], done.error["retry"]) == (5, "disk_full", True)
        assert f"{SOLAR}.part; make room" in done.error["message"]


def test_a_download_that_is_cut_goes_on(
    service: Service, ask: Any, picture: Path, mirror: Mirror, solar: bytes
) -> None:
    """This test must be the last one: after it the profile has SOLAR."""
    mirror.files, mirror.cut = {SOLAR: solar}, 1_000_000
    with unharmed(service, ask, picture):
        done = ask(service, "models", "fetch", "moreso", "--json")
        assert (done.code, done.error["code"], done.error["retry"]) == (5, "download_failed", True)
        assert done.error["message"] == (
            f"{mirror.url}/{SOLAR} was cut off after 1,000,000 of {len(solar):,} bytes; "
            "they are kept, and the next fetch goes on from there"
        )
    service.restart()
    assert ask(service, "query", str(picture), "--json").document["results"]
    mirror.cut = None
    mirror.requested_ranges.clear()
    done = ask(service, "models", "fetch", "moreso", "--json")
    assert mirror.requested_ranges == ["bytes=1000000-"]
    assert "restart cbvird" in done.document["notes"][0]
    service.restart()
    answers = [service.post("/v1/query", picture.read_bytes())]

    def refined() -> bool:
        time.sleep(1.0)  # the processor is for the network
        answers.append(service.post("/v1/query", picture.read_bytes()))
        return bool(answers[-1]["refined"])

    service.until(refined, "SOLAR takes part")
    assert all(answer["results"] for answer in answers)
    early = [answer["notes"][0] for answer in answers if not answer["refined"]]
    assert all("network is still being loaded" in note for note in early)
