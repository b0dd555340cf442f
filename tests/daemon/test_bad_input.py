"""What users do by accident: a clear message each time, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvir_core.decode import read_frames
from support.films import Film
from support.services import Service, frame_at


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service()


def failed(service: Service, path: Path) -> dict[str, object]:
    service.until(lambda: service.error(path) is not None, f"{path.name} is in the errors")
    error = service.error(path)
    assert error is not None
    assert path.name in str(error["message"])
    return error


def test_a_text_file_named_mp4(service: Service) -> None:
    path = service.videos / "text.mp4"
    path.write_text("This is not a film.\n" * 100)
    error = failed(service, path)
    assert (error["code"], error["retry_at"]) == ("not_a_video", None)
    assert service.state(path) == "failed"


def test_an_empty_file(service: Service) -> None:
    path = service.videos / "empty.mp4"
    path.touch()
    assert failed(service, path)["code"] == "not_a_video"


def test_a_truncated_file_without_its_index(service: Service, films: list[Film]) -> None:
    path = service.videos / "truncated.mp4"
    data = films[0].path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert failed(service, path)["code"] in ("not_a_video", "damaged_video")


def test_a_damaged_file_keeps_what_can_be_read(service: Service, films: list[Film], tmp_path: Path) -> None:
    data = bytearray(films[1].path.read_bytes())
    for start in range(len(data) // 3, len(data) // 2, 997):
        data[start : start + 40] = bytes(40)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    with read_frames(damaged) as frames:
        assert sum(1 for _ in frames) > 0
        assert frames.damaged > 0
    path = service.drop(damaged)
    service.until_state(path, "partial")
    error = service.error(path)
    assert error is not None
    assert error["code"] == "damaged_video"
    assert service.query(frame_at(damaged, 1.0))["results"]


def test_a_folder_named_like_a_video(service: Service, films: list[Film]) -> None:
    folder = service.videos / "folder.mp4"
    folder.mkdir()
    inside = service.drop(films[0].path, "folder.mp4/inside.mp4")
    service.until_state(inside, "indexed")
    assert service.video(folder) is None


def test_a_file_that_may_not_be_read_or_is_gone_says_so(service: Service) -> None:
    path = service.videos / "nowhere.mp4"
    path.symlink_to(service.folder / "is not there")
    assert service.video(path) is None


def test_a_name_that_is_no_text(service: Service, films: list[Film]) -> None:
    shutil.copyfile(films[2].path, service.videos / os.fsdecode(b"\xff.mp4"))
    (service.videos / os.fsdecode(b"\xfe.mp4")).write_text("no film")

    def states() -> set[tuple[str, str]]:
        return {(Path(row["path"]).name, row["state"]) for row in service.get("/v1/videos")["videos"]}

    wanted = {(r"\xff.mp4", "indexed"), (r"\xfe.mp4", "failed")}
    service.until(lambda: wanted <= states(), "both are taken in")
    assert any(r"\xfe.mp4" in error["message"] for error in service.get("/v1/errors")["errors"])


def test_unfinished_downloads_are_left_alone(service: Service, films: list[Film]) -> None:
    (service.videos / "film.mp4.part").write_bytes(films[0].path.read_bytes())
    (service.videos / ".hidden.mp4").write_bytes(films[0].path.read_bytes())
    marker = service.drop(films[2].path, "marker.mp4")
    service.until_state(marker, "indexed")
    names = {Path(row["path"]).name for row in service.get("/v1/videos")["videos"]}
    assert not names & {"film.mp4.part", ".hidden.mp4"}


def test_a_picture_that_is_none(service: Service) -> None:
    response = service.http.post("/v1/query", content=b"no picture at all")
    assert response.status_code == 415
    assert response.json()["error"]["code"] == "not_a_picture"


def test_retry_of_a_repaired_file(service: Service, films: list[Film]) -> None:
    path = service.videos / "repaired.mp4"
    path.write_text("not yet")
    failed(service, path)
    assert service.post("/v1/retry", video=str(path))["count"] == 1
    failed(service, path)
    path.write_bytes(films[2].path.read_bytes())
    service.until_state(path, "indexed")
    assert service.error(path) is None


def test_a_second_service_on_the_same_folder(service: Service) -> None:
    second = subprocess.run(service.command(), capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 5
    assert str(service.pid) in second.stderr
    assert service.get("/healthz") == {"status": "ok"}


def test_a_socket_that_another_service_listens_on(service: Service, tmp_path: Path) -> None:
    environment = os.environ | {"CBVIR_SERVICE__DATA_DIR": str(tmp_path / "other")}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "models").symlink_to(service.data / "models")
    environment["CBVIR_MODELS__PROFILE"] = "seeded"
    second = subprocess.run(
        service.command(), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 5
    assert str(service.pid) in second.stderr
    assert str(service.socket) in second.stderr


def test_a_misspelt_key(service: Service, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[watch]\nfolder = []\n")
    done = subprocess.run(
        [*service.command()[:-1], str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "folders" in done.stderr


def test_missing_weights(service: Service, tmp_path: Path) -> None:
    environment = os.environ | {"CBVIR_MODELS__PROFILE": "absent"}
    environment["CBVIR_SERVICE__DATA_DIR"] = str(tmp_path)
    environment["CBVIR_SERVICE__SOCKET"] = str(service.folder / "other.sock")
    done = subprocess.run(
        service.command(), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 5
    assert "absent" in done.stderr
    assert "models import" in done.stderr
    assert "CBVIR_MODELS__PROFILE=builtin" in done.stderr
