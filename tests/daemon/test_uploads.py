"""Videos that are sent into a watched folder: only where that is allowed, whole, and over no other file."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvir_core.errors import FileExists
from cbvird.config import WatchSettings
from cbvird.ingest.upload_folders import UploadFolders
from support.browsers import signed_in
from support.films import Film
from support.services import Service


@pytest.fixture
def taking(tmp_path: Path) -> UploadFolders:
    watch = WatchSettings(folders=(tmp_path,), exclude=("*sample*",))
    return UploadFolders([tmp_path / "in"], 1 << 20, watch)


def test_another_file_is_never_overwritten(taking: UploadFolders, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    target = taking.target(tmp_path / "in", "a.mp4")

    def send() -> None:
        with taking.receiving(target) as temporary:
            temporary.write_text("sent")
            target.write_text("came meanwhile")

    with pytest.raises(FileExists):
        send()
    assert target.read_text() == "came meanwhile"
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.mp4"]
    with pytest.raises(FileExists, match="exists already"):
        taking.target(tmp_path / "in", "a.mp4")


def test_what_a_crash_left_is_removed(taking: UploadFolders, tmp_path: Path) -> None:
    taking.sweep()  # a folder that is not there is no error
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".cbvir-0123.part").touch()
    (tmp_path / "in" / ".hidden.part").touch()
    taking.sweep()
    assert [path.name for path in (tmp_path / "in").iterdir()] == [".hidden.part"]


# --- the service -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("in")


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], folder: Path) -> Service:
    web = {"uploads": [str(folder)], "upload_mb": 1}
    return make_service(web=web, folders=[str(folder)], settle_s=0.2)


def code(service: Service, name: str, content: bytes = b"x", **parameters: str) -> tuple[int, str]:
    answer = service.http.put(f"/v1/uploads/{name}", content=content, params=parameters)
    return answer.status_code, answer.json()["error"]["code"]


def test_a_film_is_sent_and_taken_in(service: Service, folder: Path, films: list[Film]) -> None:
    assert service.get("/v1/uploads") == {"folders": [str(folder)], "max_bytes": 1 << 20}
    data = films[0].path.read_bytes()
    with signed_in(service) as browser:
        answer = browser.put("/v1/uploads/Ölberg 1.mp4", content=data, params={"root": str(folder)})
    assert answer.status_code == 201
    assert answer.json() == {"path": str(folder / "Ölberg 1.mp4"), "size_bytes": len(data)}
    assert (folder / "Ölberg 1.mp4").read_bytes() == data
    service.until_state(folder / "Ölberg 1.mp4", "indexed")
    assert code(service, "Ölberg 1.mp4", data, root=str(folder)) == (409, "file_exists")


@pytest.mark.parametrize(
    "name",
    ["..", "a%2Fb.mp4", "..%2Fa.mp4", "a.txt", ".a.mp4", "a.mp4.part", "a%0Ab.mp4", "a" * 256 + ".mp4"],
)
def test_names_that_are_not_taken(service: Service, folder: Path, name: str) -> None:
    before = sorted(folder.iterdir())
    answer = service.http.put(f"/v1/uploads/{name}", content=b"x", params={"root": str(folder)})
    assert answer.status_code in (400, 404, 405)
    assert sorted(folder.iterdir()) == before


def test_folders_that_take_none(service: Service, folder: Path) -> None:
    for root in (str(service.videos), "/tmp", f"{folder}/..", str(folder / "sub"), ""):
        assert code(service, "a.mp4", root=root) == (400, "bad_request")


def test_a_film_that_is_too_large(service: Service, folder: Path) -> None:
    before = sorted(folder.iterdir())
    chunks = (bytes(1 << 18) for _ in range(5))
    assert (
        service.http.put("/v1/uploads/big.mp4", content=chunks, params={"root": str(folder)}).json()["error"][
            "code"
        ]
        == "too_large"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as announced:
        announced.connect(str(service.socket))
        head = f"PUT /v1/uploads/big.mp4?root={folder} HTTP/1.1\r\nhost: c\r\ncontent-length: 9999999\r\n\r\n"
        announced.sendall(head.encode())
        assert announced.recv(100).startswith(b"HTTP/1.1 413 ")
    assert sorted(folder.iterdir()) == before


def test_a_sender_that_hangs_up_leaves_nothing(service: Service, folder: Path) -> None:
    before = sorted(folder.iterdir())
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sender:
        sender.connect(str(service.socket))
        head = (
            f"PUT /v1/uploads/half.mp4?root={folder} HTTP/1.1\r\nhost: c\r\ncontent-length: 1000\r\n\r\nabc"
        )
        sender.sendall(head.encode())
        service.until(lambda: any(path.suffix == ".part" for path in folder.iterdir()), "it is being sent")
    service.until(lambda: sorted(folder.iterdir()) == before, "nothing is left of it")
