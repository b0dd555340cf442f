"""What is counted and named without reading every record: the same as reading every record gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from cbvir_core import Library
from cbvir_core.errors import NotAVideo, UnknownVideo, VideoForgotten
from cbvir_core.types import VideoId, VideoInfo
from cbvird.config import WatchSettings
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.entries import FolderEntry, VideoEntry
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.listing import VideoFilter, VideoListing, VideoOrder
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.event_bus import EventBus

ROOT = Path("/films")
NAMES = ("done", "partial", "interrupted", "again", "failed", "new", "forgotten", "twice")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data", profile="builtin", frames=False) as library:
        for number, name in enumerate(("done", "partial", "interrupted", "again", "twice")):
            library.begin(info(number, name))
            if name != "interrupted":
                library.finish(video_id(number), damaged=int(name == "partial"), duration_s=1.0)
        library.begin(info(4, "twice as well"))
        yield library


def video_id(number: int) -> VideoId:
    return VideoId(f"{number:032x}")


def info(number: int, name: str) -> VideoInfo:
    fields = (1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 25.0)
    return VideoInfo(ROOT / name, video_id(number), *fields)


@pytest.fixture
def catalog(library: Library, tmp_path: Path) -> Iterator[Catalog]:
    with Jobs.open(tmp_path / "jobs") as jobs:
        for number, name in enumerate(NAMES):
            jobs.offer(ROOT / name, 1, 1, float(number))
        for name in ("done", "partial", "twice"):
            jobs.done(ROOT / name)
        jobs.failed(ROOT / "failed", NotAVideo("is no video"), 9.0)
        jobs.failed(ROOT / "forgotten", VideoForgotten("forgotten"), 9.0)
        again = jobs.next(10.0)
        assert again is not None
        assert again.path == ROOT / "interrupted"
        tracker = Tracker(WatchSettings(folders=()), library, jobs, EventBus())
        yield Catalog(library, jobs, tracker, EventBus())


def test_counts_are_those_of_the_list(catalog: Catalog) -> None:
    rows = catalog.videos()
    states = {row.path.name: row.state for row in rows}
    assert states == {
        **dict.fromkeys(("done", "twice"), "indexed"),
        "partial": "partial",
        "interrupted": "working",
        "again": "waiting",
        "failed": "failed",
        "new": "waiting",
    }
    assert {state: count for state, count in catalog.counts().items() if count} == Counter(states.values())
    assert catalog.working() == [row for row in rows if row.state == "working"]
    assert catalog.problems() == [row.error for row in rows if row.error]
    assert {problem.path.name for problem in catalog.problems()} == {"partial", "failed"}


def test_each_row_is_found_by_its_paths_and_its_id(catalog: Catalog) -> None:
    for row in catalog.videos():
        assert [catalog.find(str(path)) for path in row.paths] == [row] * len(row.paths)
        if row.video_id is not None:
            assert catalog.find(row.video_id) == row
    for text in ("/films/forgotten", "/films/other", "ff", "", "\0"):
        with pytest.raises(UnknownVideo):
            catalog.find(text)


def test_a_forgotten_file_that_is_tried_again_counts_at_once(catalog: Catalog) -> None:
    path, before = ROOT / "forgotten", catalog.counts()["waiting"]
    assert catalog._jobs.retry(path) == 1
    assert catalog.counts()["waiting"] == before + 1  # so `cbvirctl wait` waits for it
    assert catalog.find(str(path)).state == "waiting"


def test_counting_and_naming_read_no_list(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "videos", lambda _library: pytest.fail("the whole list was read"))
    assert sum(catalog.counts().values()) == 7
    assert catalog.find("/films/done").state == "indexed"
    assert len(catalog.problems()) == 2
    assert len(catalog.page(3).videos) == 3
    assert catalog.count(ROOT) == 7


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("under", ["/", "/films", "/films/deep", "/films/deep/er", "/fil", "/none"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_by_path_are_those_of_the_whole_list(
    catalog: Catalog, library: Library, under: str, size: int, down: bool
) -> None:
    library.begin(info(5, "deep/er/one"))
    library.begin(info(5, "deep/copy of one"))
    library.begin(info(6, "deep"))  # a file now, where a folder was
    library.begin(info(0, "deep/er/done"))
    order = VideoOrder.PATH_DOWN if down else VideoOrder.PATH
    whole = VideoListing(catalog.videos, lambda: 0).page(VideoFilter(under=Path(under)), order, 0, 1000)
    rows, after = list[VideoEntry](), None
    while page := catalog.page(size, after, under=Path(under), down=down).videos:
        assert catalog.page(size, after, under=Path(under), down=down).total == whole.total
        rows += page
        after = page[-1].path
    assert rows == whole.videos
    assert catalog.count(Path(under)) == whole.total


def test_folders_of_a_level_count_files_that_wait_too(catalog: Catalog, library: Library) -> None:
    library.begin(info(5, "deep/er/one"))
    library.begin(info(5, "deep/copy of one"))
    assert catalog.folders(Path("/")) == [FolderEntry(ROOT, 8)]
    assert catalog.folders(ROOT) == [FolderEntry(ROOT / "deep", 1)]
    assert catalog.folders(ROOT / "deep") == [FolderEntry(ROOT / "deep/er", 1)]
    assert catalog.folders(ROOT / "deep/er") == catalog.folders(ROOT / "done") == []


def test_only_unfinished_jobs_are_looked_at(tmp_path: Path) -> None:
    with Jobs.open(tmp_path) as jobs:
        for number in range(4):
            jobs.offer(Path(f"/{number}"), 1, 1, float(number))
        jobs.done(Path("/0"))
        assert [job.path.name for job in jobs.unfinished()] == ["1", "2", "3"]
        jobs.moved(Path("/1"), Path("/5"), 9.0)
        jobs.moved(Path("/0"), Path("/2"), 9.0)  # what waited there was overwritten by a finished file
        jobs.forget(Path("/3"))
        assert [job.path.name for job in jobs.unfinished()] == ["5"]
        assert jobs.counts() == {**dict.fromkeys(JobState, 0), JobState.WAITING: 1, JobState.DONE: 1}
    with Jobs.open(tmp_path) as again:
        assert [job.path.name for job in again.unfinished()] == ["5"]
