"""What happens to folders of videos in real life, with a real service: names, copies, moves, permissions."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import warm
from support.films import Film, draw_film
from support.services import Service, frame_at, jpeg

SETTLE_S = 0.3


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second watched folder."""
    return tmp_path_factory.mktemp("other")


@pytest.fixture(scope="module")
def service(
    make_service: Callable[..., Service], other: Path, tmp_path_factory: pytest.TempPathFactory
) -> Service:
    first = tmp_path_factory.mktemp("first")
    service = make_service(settle_s=SETTLE_S, folders=[str(first), str(other)])
    service.videos = first
    return service


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Films of two shots, of which each test takes its own."""
    folder = tmp_path_factory.mktemp("small")
    return [draw_film(folder / f"{seed}.mp4", seed=seed, shots=2, size=(160, 90)) for seed in range(20, 36)]


def ctl(service: Service, *arguments: str | bytes, code: int = 0) -> str:
    """What ``cbvirctl`` says; arguments may be any bytes, as a shell gives them."""
    named = (*map(os.fsdecode, arguments), "--socket", str(service.socket))
    ended, out, err = warm.run("cbvirctl", *named, stdin=None, timeout=90)
    assert ended == code, err
    return out.decode()


def document(service: Service, *arguments: str | bytes) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(ctl(service, *arguments, "--json"))
    return made


def test_names_that_are_no_utf8_are_told_apart_found_asked_for_and_forgotten(
    service: Service, small: list[Film], tmp_path: Path
) -> None:
    names = (b"caf\xe9.mp4", b"caf\xe8.mp4")
    raw = [os.fsencode(service.videos) + b"/" + name for name in names]
    texts = [f"{service.videos}/caf\\xe9.mp4", f"{service.videos}/caf\\xe8.mp4"]
    for film, path in zip(small, raw, strict=False):
        shutil.copyfile(film.path, path)
    for text in texts:
        service.until_state(Path(text), "indexed")
    listed = ctl(service, "videos", "list")
    assert all(text in listed for text in texts)
    # By its bytes, by what a table shows, by its name as shown.
    for named in (raw[0], texts[0], "caf\\xe9.mp4"):
        assert document(service, "videos", "show", named)["paths"] == [texts[0]]
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg(frame_at(small[0].path, small[0].middles[0])))
    for named in (raw[0], texts[0]):
        found = document(service, "query", str(picture), "--in", named)["results"]
        assert {one["path"] for one in found} == {texts[0]}
    assert document(service, "videos", "forget", raw[1])["paths"] == [texts[1]]
    assert service.video(Path(texts[1])) is None
    assert document(service, "retry", texts[1])["count"] == 1
    ctl(service, "wait", "--timeout", "90")
    assert service.state(Path(texts[1])) == "indexed"


def test_wait_waits_for_forgotten_videos_that_are_tried_again(service: Service, small: list[Film]) -> None:
    paths = [service.drop(film.path, f"forgotten-{film.path.name}") for film in small[2:4]]
    for path in paths:
        service.until_state(path, "indexed")
        ctl(service, "videos", "forget", str(path))
    for path in paths:
        ctl(service, "retry", str(path))
    ctl(service, "wait", "--timeout", "90")
    assert [service.state(path) for path in paths] == ["indexed", "indexed"]


def test_names_of_255_bytes_with_newlines_and_with_control_characters(
    service: Service, small: list[Film]
) -> None:
    names = ("ü" * 125 + ".mp4", "two\nlines.mp4", "bell\x07 and \x1b[31mred.mp4", "\\xff.mp4")
    paths = [service.videos / name for name in names]
    for path, film in zip(paths, small[4:8], strict=True):
        shutil.copyfile(film.path, path)
    shown = [*paths[:3], service.videos / "\\x5cxff.mp4"]
    for text, path in zip(shown, paths, strict=True):
        service.until_state(text, "indexed")
        assert document(service, "videos", "show", str(path))["paths"] == [str(text)]
    lines = ctl(service, "videos", "list").splitlines()
    assert any(line.endswith("two\\x0alines.mp4") for line in lines)
    assert any(line.endswith("bell\\x07 and \\x1b[31mred.mp4") for line in lines)
    (known,) = document(service, "videos", "show", f"{service.videos}/two\\x0alines.mp4")["paths"]
    assert known == str(paths[1])


def test_a_copy_that_pauses_for_longer_than_the_settle_time_is_read_once_and_whole(
    service: Service, small: list[Film]
) -> None:
    """One that grows, and one whose room was there from the beginning."""
    paths = [service.videos / "slow.mp4", service.videos / "preallocated.mp4"]
    whole = [film.path.read_bytes() for film in small[8:10]]
    with paths[1].open("wb") as file:
        file.truncate(len(whole[1]))
    for part in range(3):
        for path, data in zip(paths, whole, strict=True):
            third = slice(part * len(data) // 3, (part + 1) * len(data) // 3)
            with path.open("r+b" if path.exists() else "wb") as file:
                file.seek(third.start)
                file.write(data[third])
        time.sleep(2.5 * SETTLE_S if part < 2 else 0.0)
        assert [service.error(path) for path in paths] == [None, None]
    for path in paths:
        service.until_state(path, "indexed")
        assert service.error(path) is None


def test_a_tree_moves_between_the_folders_and_a_name_changes_its_case(
    service: Service, other: Path, small: list[Film]
) -> None:
    (service.videos / "1962" / "spring").mkdir(parents=True)
    path = service.drop(small[10].path, "1962/spring/film.mp4")
    service.until_state(path, "indexed")
    (service.videos / "1962").rename(other / "1962")
    moved = other / "1962" / "spring" / "film.mp4"
    service.until(lambda: service.video(moved) is not None, "it is known in the other folder")
    renamed = moved.rename(moved.with_name("Film.MP4"))
    service.until_state(renamed, "indexed")
    row = service.video(renamed)
    assert row is not None
    service.until(lambda: paths_of(service, renamed) == [str(renamed)], "its former names are gone")


def test_a_copy_on_a_disk_that_is_away_keeps_its_path(
    service: Service, other: Path, small: list[Film]
) -> None:
    there = other / "on disk.mp4"
    shutil.copyfile(small[11].path, there)
    service.until_state(there, "indexed")
    away = other.rename(other.with_name("away"))
    service.until_state(there, "offline")
    copy = service.drop(small[11].path, "copy.mp4")
    service.until(
        lambda: sorted(paths_of(service, copy)) == sorted(map(str, (copy, there))), "both are known"
    )
    away.rename(other)
    copy.unlink()
    service.until(lambda: (service.video(there) or {}).get("path") == str(there), "it is back")


def test_a_partial_video_is_read_anew_on_request(service: Service, small: list[Film]) -> None:
    """Its file was repaired in a way that no scan can see."""
    path = service.videos / "partial.mp4"
    whole = small[12].path.read_bytes()
    start, length = len(whole) * 2 // 5, len(whole) // 10
    path.write_bytes(whole[:start] + bytes(length) + whole[start + length :])
    service.until_state(path, "partial")
    assert service.error(path) is not None
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(whole)
    os.utime(path, ns=times)
    assert document(service, "retry", str(path))["count"] == 1
    ctl(service, "wait", "--timeout", "90")
    assert (service.state(path), service.error(path)) == ("indexed", None)
    assert document(service, "retry", str(path))["count"] == 0


def paths_of(service: Service, path: Path) -> list[str]:
    """Every path of the video that has this one."""
    row = service.video(path)
    return [] if row is None else list(row["paths"])
