from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from cbvird.config import WatchSettings
from cbvird.watch import FileGone, FileSeen, PathFilter, scan
from support.watching import Listener, touch


def paths(root: Path, **settings: Any) -> set[str]:
    """What a scan finds below `root`, as text relative to it."""
    wanted = PathFilter(WatchSettings(folders=(root,), **settings))
    return {str(found.path.relative_to(root)) for found in scan(root, wanted)}


def test_a_scan_gives_size_and_time_of_videos_only(root: Path) -> None:
    touch(root / "a.mp4", root / "deep" / "er" / "b.MKV", root / "notes.txt")
    found = {item.path: item for item in scan(root, PathFilter(WatchSettings(folders=(root,))))}
    assert set(found) == {root / "a.mp4", root / "deep" / "er" / "b.MKV"}
    status = (root / "a.mp4").stat()
    assert (found[root / "a.mp4"].size, found[root / "a.mp4"].mtime_ns) == (1, status.st_mtime_ns)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.mp4",
        ".film.mp4.Xa3_9z",
        "film.mp4.part",
        "film.mp4.crdownload",
        "film.mp4.tmp",
        "film.mp4~",
        "film.mp4.!qB",
        "film.mp4.filepart",
        "~syncthing~film.mp4.tmp",
        ".syncthing.film.mp4.tmp",
        "film.f137.mp4.part",
        "film.f137.mp4.part-Frag12.part",
        "film.mp4.ytdl",
        ".folder/film.mp4",
        "@eaDir/film.mp4",
        "$RECYCLE.BIN/film.mp4",
        "lost+found/film.mp4",
    ],
)
def test_hidden_and_temporary_names_are_left_out_whatever_is_included(root: Path, name: str) -> None:
    touch(root / name)
    assert paths(root, include=("*",)) == set()
    assert not PathFilter(WatchSettings(include=("*",))).wants(root, root / name)


def test_names_of_recordings_are_matched_as_those_that_are_included(root: Path) -> None:
    names = PathFilter(WatchSettings(growing=("*.TS", "recorder/*")))
    assert names.grows(root, root / "deep" / "a.ts")
    assert names.grows(root, root / "Recorder" / "today" / "b.mkv")
    assert not names.grows(root, root / "b.mkv")
    assert not names.grows(root / "other", root / "a.ts")
    assert not PathFilter(WatchSettings()).grows(root, root / "a.ts")


def test_include_and_exclude_hold_for_names_and_for_paths(root: Path) -> None:
    touch(root / "a.mp4", root / "b.mkv", root / "Private" / "c.mp4", root / "tv" / "s1" / "d.mp4")
    assert paths(root, include=("*.MP4",)) == {"a.mp4", "Private/c.mp4", "tv/s1/d.mp4"}
    assert paths(root, exclude=("private",)) == {"a.mp4", "b.mkv", "tv/s1/d.mp4"}
    assert paths(root, include=("tv/*",)) == {"tv/s1/d.mp4"}
    assert paths(root, exclude=("tv/s1", "*.mkv")) == {"a.mp4", "Private/c.mp4"}
    assert paths(root, recursive=False) == {"a.mp4", "b.mkv"}


def test_the_filter_and_the_scan_agree(root: Path) -> None:
    touch(*(root / name for name in ("a.mp4", ".x/b.mp4", "tv/.c.mp4", "tv/d.mp4", "no/e.mp4", "f.txt")))
    for settings in ({}, {"exclude": ("no",)}, {"recursive": False}, {"include": ("tv/*",)}):
        wanted = PathFilter(WatchSettings(folders=(root,), **settings))
        every = [path for path in root.rglob("*") if path.is_file()]
        assert {found.path for found in scan(root, wanted)} == {p for p in every if wanted.wants(root, p)}


def test_links_are_followed_but_not_in_circles(root: Path, tmp_path: Path) -> None:
    touch(root / "deep" / "a.mp4", tmp_path / "elsewhere" / "b.mp4")
    (root / "deep" / "up").symlink_to(root)
    (root / "deep" / "self").symlink_to(".")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "dangling.mp4").symlink_to(root / "nowhere.mp4")
    (root / "file.mp4").symlink_to(tmp_path / "elsewhere" / "b.mp4")
    assert paths(root) == {"deep/a.mp4", "link/b.mp4", "file.mp4"}


def test_what_is_no_regular_file_is_left_out(root: Path) -> None:
    (root / "folder.mp4").mkdir()
    touch(root / "folder.mp4" / "inside.mp4")
    os.mkfifo(root / "pipe.mp4")
    assert paths(root) == {"folder.mp4/inside.mp4"}


SCAN = """
import sys
from pathlib import Path
from cbvird.config import WatchSettings
from cbvird.watch import PathFilter, scan
root = Path(sys.argv[1])
print(sorted(file.path.name for file in scan(root, PathFilter(WatchSettings(folders=(root,))))))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read a folder")
def test_a_folder_that_may_be_read_later_is_scanned_then() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        root = Path(name)
        root.chmod(0o755)
        touch(root / "a.mp4", root / "closed" / "b.mp4")
        found = []
        for mode in (0o700, 0o755):
            (root / "closed").chmod(mode)
            command = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", SCAN, name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append(done.stdout.splitlines()[-1])
    assert found == ["['a.mp4']", "['a.mp4', 'b.mp4']"]


def test_names_that_are_not_utf8_work(root: Path, watch: Any, listener: Listener) -> None:
    strange = Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9\n.mp4"))
    touch(strange)
    assert {found.path for found in scan(root, PathFilter(WatchSettings()))} == {strange}
    watch()
    listener.wait_for(FileSeen(strange))
    strange.unlink()
    listener.wait_for(FileGone(strange))


def test_a_root_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert paths(tmp_path / "nowhere") == set()
