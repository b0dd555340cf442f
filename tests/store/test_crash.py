"""Processes that are killed while they write, and disks that fill up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.errors import StoreBusy
from cbvir_core.store import FRAMES_GENERATION, FrameCounts, Store
from cbvir_core.types import VideoId
from support.store_makers import MakeInfo

REPOSITORY = Path(__file__).resolve().parents[2]
A = VideoId("aa11")
BATCH = 4

PRELUDE = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from cbvir_core.errors import DiskFull
from cbvir_core.store import Store
from cbvir_core.types import FrameCodes, Keyframe, VideoId, VideoInfo

folder, video = Path(sys.argv[1]), VideoId("aa11")
info = VideoInfo(Path("/film.mp4"), video, 1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1, 1000),
                 Fraction(0), 10.0, 25.0)

def keyframes(first):
    rng = np.random.default_rng(first)
    return [Keyframe(float(n), float(n), n + 1.0, rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
            for n in range(first, first + 4)]

def rows(first):
    return np.full((4, 1280), (first % 1000) / 1000, dtype=np.float32)

def codes(first):
    made = FrameCodes(np.arange(9.0), np.full((9, 14, 16), first % 256, np.uint8))
    return [made, None, made, made]
"""

WRITER = (
    PRELUDE
    + """
store = Store.open(folder, first_map_bytes=1 << 20)
generation = store.generation("f", "r")
store.set_answering(generation)
store.use_frame_codec("codec")
store.begin(info)
for first in range(0, 1_000_000, 4):
    numbers = store.append(video, keyframes(first), generation, rows(first), codes(first))
    print(numbers[-1], flush=True)
"""
)

FILLER = (
    PRELUDE
    + """
import resource
store = Store.open(folder, first_map_bytes=1 << 20)
generation = store.generation("f", "r")
store.set_answering(generation)
store.use_frame_codec("codec")
store.begin(info)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_001, resource.RLIM_INFINITY))
first = 0
try:
    while True:
        store.append(video, keyframes(first), generation, rows(first), codes(first))
        first += 4
except DiskFull as error:
    assert error.retry
assert store.counts().keyframes == first == len(store.keyframes(video)), (store.counts(), first)
try:
    store.append(video, keyframes(first), generation, rows(first), codes(first))
except DiskFull:
    pass
else:
    raise SystemExit("the disk cannot have grown")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.append(video, keyframes(first), generation, rows(first), codes(first))
store.close()
print(first + 4, flush=True)
"""
)


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def check_whole(store: Store, reported: int) -> int:
    """Assert that everything reported is stored whole and once; return the number of keyframes."""
    rows = store.keyframes(A)
    generation = store.answering()
    assert generation is not None
    assert len(rows) % BATCH == 0
    assert len(rows) >= reported
    assert [row.keyframe_id.number for row in rows] == list(range(len(rows)))
    assert len({row.time_s for row in rows}) == len(rows)
    numbers = np.array([row.row for row in rows])
    _, present = store.present_filter_rows(generation, numbers)
    assert present.all()
    assert all(store.still_of_row(int(number)) for number in numbers)
    counts = store.counts()
    assert (counts.keyframes, counts.filtered) == (len(rows), len(rows))
    coded = [scene is not None for scene in store.frame_codes(numbers)]
    assert coded == [True, False, True, True] * (len(rows) // BATCH)
    assert store.rows_without_frames(len(rows)) == numbers[1::BATCH].tolist()
    assert store.frame_counts() == FrameCounts(coded=sum(coded), waiting=len(rows) // BATCH)
    assert store.changes(FRAMES_GENERATION, 0).added.tolist()[-sum(coded) :] == numbers[coded].tolist()
    assert len(store.changes(generation, 0).added) - len(store.changes(generation, 0).forgotten) == len(rows)
    return len(rows)


def test_a_killed_writer_loses_nothing_that_it_reported_and_leaves_no_doubles(
    tmp_path: Path, info: MakeInfo
) -> None:
    last = 0
    for _ in range(3):
        with start(WRITER, tmp_path) as writer:
            assert writer.stdout is not None
            for _ in range(6):
                last = int(writer.stdout.readline())
            time.sleep(0.01)
            writer.kill()
            last = max([last, *map(int, writer.stdout.read().split())])
        with Store.open(tmp_path) as store:
            written = store.last_row()
            assert written >= last
            record = store.video(A)
            assert record is not None
            assert not record.complete
            assert record.keyframes == check_whole(store, 6 * BATCH)
    with Store.open(tmp_path) as store:
        store.begin(info("aa11"))
        assert store.counts().keyframes == 0
        assert store.last_row() == written


def test_a_running_writer_keeps_others_out_and_a_dead_one_does_not(tmp_path: Path) -> None:
    with start(WRITER, tmp_path) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(StoreBusy, match=f"process {writer.pid} "):
            Store.open(tmp_path)
        writer.kill()
    Store.open(tmp_path).close()


def test_a_full_disk_stops_the_writer_with_everything_before_it_whole(tmp_path: Path) -> None:
    with start(FILLER, tmp_path) as filler:
        assert filler.stdout is not None
        stored = int(filler.stdout.read())
    assert filler.returncode == 0
    with Store.open(tmp_path) as store:
        assert check_whole(store, stored) == stored
