"""Files on their way to becoming jobs, without a service around it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cbvird.config import WatchSettings
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.event_bus import EventBus

HOUR_S = 3600.0


class EmptyLibrary:
    """Takes the place of the library: knows no video."""

    def pathless_videos(self) -> list[Any]:
        return []

    def videos(self) -> list[Any]:
        return []

    def video_at(self, path: Path) -> None:
        return None

    def paths_without_video(self, paths: Iterable[Path]) -> list[Path]:
        return list(paths)


def test_a_file_whose_video_was_lost_is_known_no_more(tmp_path: Path) -> None:
    """As after a kill between two files' writing: the next scan offers it again."""
    library: Any = EmptyLibrary()
    stop = threading.Event()
    stop.set()
    with Jobs.open(tmp_path / "jobs") as jobs:
        for name in ("done", "waiting"):
            jobs.offer(tmp_path / name, 1, 1, 0.0)
        jobs.done(tmp_path / "done")
        Tracker(WatchSettings(folders=()), library, jobs, EventBus()).run(stop)
        assert [job.path.name for job in jobs.all()] == ["waiting"]


def test_a_clock_that_is_set_back_holds_nothing_up(tmp_path: Path) -> None:
    """As when a machine starts with a wrong clock, and the network sets it right."""
    folder = tmp_path / "videos"
    folder.mkdir()
    dates = itertools.chain([100 * HOUR_S], itertools.repeat(98 * HOUR_S))
    settings = WatchSettings(folders=(folder,), settle_s=0.5)
    library: Any = EmptyLibrary()
    stop = threading.Event()
    with Jobs.open(tmp_path / "jobs") as jobs:
        tracker = Tracker(settings, library, jobs, EventBus(), date=lambda: next(dates))
        thread = threading.Thread(target=tracker.run, args=(stop,))
        thread.start()
        try:
            for name in ("first.mp4", "second.mp4"):
                (folder / name).write_bytes(b"no video, but it settles")
                deadline = time.monotonic() + 60
                while jobs.get(folder / name) is None and time.monotonic() < deadline:
                    time.sleep(0.05)
        finally:
            stop.set()
            thread.join()
        assert [(job.path.name, job.state, job.offered_at) for job in jobs.all()] == [
            ("second.mp4", JobState.WAITING, 98 * HOUR_S),
            ("first.mp4", JobState.WAITING, 100 * HOUR_S),
        ]
