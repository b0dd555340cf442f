"""Every known video with its state: what the store holds and what the jobs say, put together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.errors import DamagedVideo, UnknownVideo, VideoForgotten
from cbvir_core.store import Store, VideoRecord
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job, State
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.events import Current, EventBus

STATES = ("waiting", "working", "indexed", "partial", "failed", "offline")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is not, or not wholly, searchable.  `retry_at` is Unix time; None: not by itself."""

    path: Path
    code: str
    message: str
    tries: int
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class Video:
    """One row of the list: a video, or a file of which nothing is known yet."""

    video_id: VideoId | None
    path: Path
    paths: tuple[Path, ...]
    state: str
    duration_s: float | None
    keyframes: int
    error: Problem | None
    per_cent: float | None = None
    eta_s: float | None = None


class Catalog:
    """A view; it holds nothing itself and reads afresh on every call."""

    def __init__(self, store: Store, jobs: Jobs, tracker: Tracker, board: EventBus) -> None:
        self._store, self._jobs, self._tracker, self._board = store, jobs, tracker, board

    def videos(self) -> list[Video]:
        """All, ordered by path."""
        return sorted(self._rows(), key=lambda video: video.path)

    def find(self, text: str) -> Video:
        """The one video that a path or a unique id prefix names.  Raises UnknownVideo."""
        rows = [row for row in self._rows() if Path(text) in row.paths]
        if not rows:
            wanted = self._store.find(text).video_id
            rows = [row for row in self._rows() if row.video_id == wanted]
        if not rows:
            raise UnknownVideo(f"no video is known as {text}")
        return rows[0]

    def counts(self) -> dict[str, int]:
        """How many videos are in each state."""
        return self.count(self._rows())

    @staticmethod
    def count(videos: Iterable[Video]) -> dict[str, int]:
        """How many of these videos are in each state."""
        counted = Counter(video.state for video in videos)
        return {state: counted[state] for state in STATES}

    def problems(self) -> list[Problem]:
        """Everything that went wrong, ordered by path."""
        return [row.error for row in self.videos() if row.error is not None]

    def eta_s(self) -> float | None:
        """Seconds until all is done, by bytes at the pace so far; None before there is a pace."""
        pace = self._board.bytes_per_s()
        left: float = sum(job.size for job in self._jobs.all() if job.state is State.WAITING)
        left += sum(current.bytes_left for current in self._board.current())
        if left == 0:
            return 0.0
        return round(left / pace, 1) if pace else None

    def _rows(self) -> Iterator[Video]:
        # In the order of a file's way, so that none slips through between two looks.
        settling = self._tracker.settling()
        jobs = {job.path: job for job in self._jobs.all()}
        current = {entry.path: entry for entry in self._board.current()}
        told: set[Path] = set()
        for record in self._store.videos():
            told.update(record.paths)
            if record.paths:
                own = [jobs[path] for path in record.paths if path in jobs]
                yield _of_record(record, own, current, self._tracker.is_there)
        for path, job in jobs.items():
            # A finished job without a video is on its way out of the list.
            if path not in told and job.code != VideoForgotten.code and job.state is not State.DONE:
                yield _of_job(job, current.get(path), self._tracker.is_there(path))
        for path in settling:
            if path not in told and path not in jobs:
                yield Video(None, path, (path,), "waiting", None, 0, None)


def _of_record(
    record: VideoRecord, jobs: list[Job], current: dict[Path, Current], is_there: Callable[[Path], bool]
) -> Video:
    present = [path for path in record.paths if is_there(path)]
    work = next((current[path] for path in record.paths if path in current), None)
    failed = next((job for job in jobs if job.state is State.FAILED), None)
    return Video(
        record.video_id,
        (present or record.paths)[0],
        record.paths,
        _state(record, {job.state for job in jobs}) if present else "offline",
        record.duration_s,
        record.keyframes,
        _problem(failed, record.keyframes) if failed else _damage(record),
        work.per_cent if work else None,
        work.eta_s(time.monotonic()) if work else None,
    )


def _state(record: VideoRecord, states: set[State]) -> str:
    for state in (State.WORKING, State.WAITING, State.FAILED):
        if state in states:
            return state.value
    if not record.complete:
        return "waiting"
    return "partial" if record.damaged else "indexed"


def _of_job(job: Job, work: Current | None, is_there: bool) -> Video:
    return Video(
        work.video_id if work else None,
        job.path,
        (job.path,),
        job.state.value if is_there else "offline",
        work.duration_s if work else None,
        0,
        _problem(job) if job.state is State.FAILED else None,
        work.per_cent if work else None,
        work.eta_s(time.monotonic()) if work else None,
    )


def _problem(job: Job, kept: int = 0) -> Problem:
    """Why a file failed; `kept` keyframes of a try that was cut short are searchable until the next."""
    message = f"{job.message}; what was read before, {kept} keyframes, can be found" if kept else job.message
    return Problem(job.path, job.code, message, job.tries, job.retry_at)


def _damage(record: VideoRecord) -> Problem | None:
    if not record.damaged or not record.complete:
        return None
    message = f"{record.damaged} damaged frames or packets were left out; the rest is searchable"
    return Problem(record.paths[0], DamagedVideo.code, message, 1, None)
