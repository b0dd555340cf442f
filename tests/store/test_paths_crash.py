"""Processes that are killed in the middle of a change of paths: all is as before, or all is changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import pytest

from cbvir_core.store import Store, check_store, store_snapshot
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.records import load_video
from cbvir_core.types import VideoId
from support.store_makers import put_videos

REPOSITORY = Path(__file__).resolve().parents[2]
VIDEOS = 1_200
FIRST = Path("/archive/reel 000/film 000000.mp4")

CHANGES = {
    "upgrade": "pass",
    "move": "store.move_path(first, Path('/archive/reel 001/film 001001.mp4'))",
    "forget": "store.forget(store.video_at(first).video_id)",
    "finish growing": "store.finish_growing("
    "store.video_at(first).video_id, FinishedFile(VideoId('f' * 32), 1, 1), damaged=0, duration_s=1.0)",
    "relocate": "store.relocate(PathMap({Path('/archive/reel 000'): Path('/new/reel')}))",
}

KILLED = """
import os, signal, sys
from pathlib import Path
from cbvir_core.decode import FinishedFile
from cbvir_core.store import PathMap, Store, path_tables
from cbvir_core.types import VideoId

put, change = path_tables.put_folder_count, sys.argv[2]

def put_and_die(*arguments):
    put(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

first = Path({first!r})
if change == "pass":
    path_tables.put_folder_count = put_and_die
store = Store.open(Path(sys.argv[1]))
path_tables.put_folder_count = put_and_die
exec(change)
"""


def to_schema_2(txn: Transaction) -> None:
    """Make the tables of paths those of the release before: keys were digests, folders not counted."""
    txn.clear(Table.PATHS)
    txn.clear(Table.FOLDERS)
    entries = [(key, load_video(value).paths) for key, value in txn.scan(Table.VIDEOS, b"\0")]
    for video, paths in entries:
        for path in paths:
            txn.put(Table.PATHS, blake2b(os.fsencode(path), digest_size=32).digest(), video)
    txn.put(Table.META, b"schema", b"2")


def contents(folder: Path) -> dict[Table, list[tuple[bytes, bytes]]]:
    with store_snapshot(folder) as snapshot:
        return {table: list(snapshot.entries(table)) for table in Table}


@pytest.mark.parametrize("change", CHANGES)
def test_a_kill_in_the_middle_changes_nothing(tmp_path: Path, change: str) -> None:
    with Store.open(tmp_path) as store:
        put_videos(store, VIDEOS)
        if change == "upgrade":
            store._environment.write(to_schema_2)
    before = contents(tmp_path)
    script = KILLED.replace("{first!r}", repr(str(FIRST)))
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), CHANGES[change]], cwd=REPOSITORY, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert contents(tmp_path) == before
    with Store.open(tmp_path) as store:
        assert store.count_in(Path("/")) == store.count_in(Path("/archive")) == VIDEOS
        assert len(store.videos_in(Path("/archive/reel 001"))) == VIDEOS - 1000
        assert store.find(str(FIRST)).video_id == VideoId(f"{0:032x}")
    assert check_store(tmp_path).faults == ()
