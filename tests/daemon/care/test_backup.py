"""Backup and restore as a user runs them, of a service that goes on meanwhile."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.store import Store
from cbvir_shared.backup_file import BackupFile
from cbvir_shared.backup_stream import Chunk, digest_of
from support import warm
from support.films import Film
from support.services import Service, frame_at, jpeg

PATIENCE_S = 90.0


def ctl(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the client; return its exit code and document."""
    code, out, _ = warm.run("cbvirctl", *arguments, "--json", stdin=None, timeout=PATIENCE_S)
    return code, json.loads(out)


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], refined: Path, films: list[Film]) -> Service:
    service = make_service(refined, models={"profile": "seeded"})
    service.index(film.path for film in films[:2])
    broken = service.videos / "broken.mp4"
    broken.write_bytes(b"this is no video")
    service.until_state(broken, "failed")
    service.until(
        lambda: service.get("/v1/status")["refined"] == service.get("/v1/status")["keyframes"], "SOLAR"
    )
    return service


@pytest.fixture(scope="module")
def backup(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of that service."""
    file = tmp_path_factory.mktemp("backup") / "library.backup"
    code, document = ctl("backup", str(file), "--socket", str(service.socket))
    assert (code, document["without"]) == (0, [])
    assert document["bytes"] >= document["new_bytes"] > 10_000
    return file


def answers(service: Service, films: list[Film]) -> list[dict[str, Any]]:
    found = [service.query(frame_at(film.path, film.middles[1])) for film in films[:2]]
    return [answer["results"][0] for answer in found]


def test_a_restored_library_gives_the_same_answers(
    service: Service,
    backup: Path,
    make_service: Callable[..., Service],
    films: list[Film],
    tmp_path: Path,
) -> None:
    before = answers(service, films)
    moved = tmp_path / "films"
    shutil.copytree(service.videos, moved)
    data = tmp_path / "data"
    code, document = ctl("restore", str(backup), "--into", str(data), "--map", f"{service.videos}={moved}")
    assert (code, document["videos"], document["paths_changed"]) == (0, 2, 2)
    restored = make_service(data, models={"profile": "seeded"}, folders=[str(moved)])
    restored.until(lambda: not restored.get("/v1/status")["scanning"], "the first scan")
    restored.until_refined(jpeg(frame_at(films[0].path, 1.0)))
    after = answers(restored, films)
    assert [one | {"path": ""} for one in after] == [one | {"path": ""} for one in before]
    assert [one["path"] for one in after] == [str(moved / Path(one["path"]).name) for one in before]
    assert restored.error(moved / "broken.mp4")
    status = restored.get("/v1/status")
    assert status["refined"] == status["keyframes"] == service.get("/v1/status")["keyframes"]


def test_an_update_sends_what_is_new_alone(
    service: Service, backup: Path, films: list[Film], tmp_path: Path
) -> None:
    file = tmp_path / "updated.backup"
    shutil.copy(backup, file)
    code, document = ctl("backup", str(file), "--socket", str(service.socket))
    assert (code, document["error"]["code"]) == (2, "file_exists")
    code, document = ctl("backup", str(file), "--update", "--socket", str(service.socket))
    assert code == 0
    assert document["new_bytes"] < document["bytes"] / 2


def test_an_update_takes_nothing_out_of_a_backup(service: Service, backup: Path, tmp_path: Path) -> None:
    file = tmp_path / "updated.backup"
    shutil.copy(backup, file)
    before, here = file.read_bytes(), ("--socket", str(service.socket))
    for part in ("stills", "features"):
        code, document = ctl("backup", str(file), "--update", "--without", part, *here)
        assert (code, document["error"]["code"]) == (2, "file_exists")
        assert f"{file} holds {part}" in document["error"]["message"]
        assert f"--without {part} to another file" in document["error"]["message"]
    assert file.read_bytes() == before


def test_a_backup_without_stills_is_updated_without_them_and_completed_on_request(
    service: Service, tmp_path: Path
) -> None:
    file, here = tmp_path / "small.backup", ("--socket", str(service.socket))
    for more in ((), ("--update",)):
        code, document = ctl("backup", str(file), *more, "--without", "stills", *here)
        assert (code, document["without"]) == (0, ["stills"])
    both = ("--without", "stills", "--without", "features")
    code, document = ctl("backup", str(file), "--update", *both, *here)
    assert (code, f"{file} holds features, and" in document["error"]["message"]) == (2, True)
    code, document = ctl("backup", str(file), "--update", *here)
    assert (code, document["without"]) == (0, [])


def test_features_are_made_again_where_a_backup_lacks_them(service: Service, tmp_path: Path) -> None:
    file, data = tmp_path / "small.backup", tmp_path / "data"
    code, document = ctl("backup", str(file), "--without", "features", "--socket", str(service.socket))
    assert (code, document["without"]) == (0, ["features"])
    assert ctl("restore", str(file), "--into", str(data))[0] == 0
    with Store.open(data / "store") as store:
        counts = store.counts()
        assert len(store.rows_without_features(1000)) == counts.keyframes > 0


def test_a_folder_with_a_library_is_left_alone(service: Service, backup: Path) -> None:
    code, document = ctl("restore", str(backup), "--into", str(service.data))
    assert (code, document["error"]["code"]) == (5, "file_exists")


def test_a_restore_that_was_killed_leaves_no_library_and_is_begun_anew(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "restoring" / "store").mkdir(parents=True)
    (data / "restoring" / "store" / "data.mdb").write_bytes(b"half of it")
    assert ctl("restore", str(backup), "--into", str(data))[1]["videos"] == 2
    assert sorted(path.name for path in data.iterdir()) == ["jobs", "models", "store"]


def test_a_restored_folder_is_closed_to_others(backup: Path, tmp_path: Path) -> None:
    code, document = ctl("restore", str(backup), "--into", str(tmp_path / "data"), "--map", "/no=/where")
    assert (code, document["paths_changed"]) == (0, 0)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) & 0o007 == 0


def test_a_file_is_no_data_folder_and_a_folder_no_backup(
    service: Service, backup: Path, tmp_path: Path
) -> None:
    code, document = ctl("restore", str(backup), "--into", str(backup))
    assert (code, "is no folder" in document["error"]["message"]) == (5, True)
    code, document = ctl("backup", str(tmp_path), "--socket", str(service.socket))
    assert (code, "is a folder; name a file in it" in document["error"]["message"]) == (5, True)


@pytest.mark.parametrize("pair", ["/old", "old=/new", "/old=new", "="])
def test_a_map_that_cannot_be_is_refused(backup: Path, tmp_path: Path, pair: str) -> None:
    code, document = ctl("restore", str(backup), "--into", str(tmp_path / "data"), "--map", pair)
    assert (code, "--map wants" in document["error"]["message"]) == (2, True)
    assert not (tmp_path / "data").exists()


def test_a_backup_that_was_cut_off_is_not_restored_and_goes_on(
    service: Service, backup: Path, tmp_path: Path
) -> None:
    file = tmp_path / "cut.backup"
    with (
        BackupFile.open(backup) as whole,
        BackupFile.create_or_open(file) as cut,
        pytest.raises(KeyboardInterrupt),
    ):
        cut.take(_interrupted(whole))
    code, document = ctl("restore", str(file), "--into", str(tmp_path / "data"))
    assert (code, "not complete" in document["error"]["message"]) == (5, True)
    code, document = ctl("backup", str(file), "--socket", str(service.socket))
    assert code == 0
    assert document["new_bytes"] < document["bytes"]


def _interrupted(whole: BackupFile) -> Iterator[Chunk]:
    for data in whole.chunks("store/stills"):
        yield Chunk("store/stills", digest_of(data), data)
    raise KeyboardInterrupt


def test_a_caller_that_hangs_up_ends_the_reading(service: Service) -> None:
    with service.http.stream("POST", "/v1/backup") as response:
        next(response.iter_raw(10))

    def none_runs() -> bool:
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return not any(
            "cbvird.care.snapshot" in line and str(service.data) in line for line in listed.splitlines()
        )

    service.until(none_runs, "the end of the reading")


def test_digests_of_a_wrong_length_are_refused(service: Service) -> None:
    answer = service.http.post("/v1/backup", content=b"123")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_nothing_waits_to_be_made_of_stills_that_are_left_out(service: Service, tmp_path: Path) -> None:
    file, data = tmp_path / "small.backup", tmp_path / "data"
    left_out = ("--without", "stills", "--without", "features")
    code, document = ctl("backup", str(file), *left_out, "--socket", str(service.socket))
    assert (code, document["without"]) == (0, ["features", "stills"])
    assert ctl("restore", str(file), "--into", str(data))[1]["without"] == ["features", "stills"]
    with Store.open(data / "store") as store:
        assert store.rows_without_features(10) == []
        video = store.videos()[0]
        assert store.still_of_row(store.keyframes(video.video_id)[0].row) is None
