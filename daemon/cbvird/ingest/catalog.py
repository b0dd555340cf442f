"""The list of videos: what the library holds and what the jobs say, put together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cbvir_core.errors import DamagedVideo, UnknownVideo, VideoForgotten
from cbvir_core.library import Library
from cbvir_core.store import VideoRecord
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job, JobState
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.event_bus import EventBus, FileProgress

VIDEO_STATES = ("waiting", "working", "indexed", "partial", "failed", "offline")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file, or a part of it, is not searchable.

    `retry_at` is the Unix time of the next try; None: only a retry on request or a change of the file helps.
    """

    path: Path
    code: str
    message: str
    tries: int
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """One row of the list: a video, or a file whose content is not known yet.

    `added_at` is the Unix time at which the video was first seen.
    """

    video_id: VideoId | None
    path: Path
    paths: tuple[Path, ...]
    state: str
    duration_s: float | None
    keyframes: int
    error: Problem | None
    per_cent: float | None = None
    eta_s: float | None = None
    added_at: float | None = None


class Catalog:
    """A view of library, jobs and tracker.  Every call reads them again."""

    def __init__(self, library: Library, jobs: Jobs, tracker: Tracker, event_bus: EventBus) -> None:
        self._library, self._jobs, self._tracker, self._event_bus = library, jobs, tracker, event_bus
        self._idle: dict[VideoId, _IdleEntry] = {}

    def videos(self) -> list[VideoEntry]:
        """Return all rows, ordered by path."""
        return sorted(self._rows(), key=_path_order)

    def find(self, text: str) -> VideoEntry:
        """Return the one video that a path or a unique id prefix names.  Raises UnknownVideo."""
        rows = [row for row in self._rows() if Path(text) in row.paths]
        if not rows:
            wanted = self._library.find(text).video_id
            rows = [row for row in self._rows() if row.video_id == wanted]
        if not rows:
            raise UnknownVideo(f"no video is known as {text}")
        return rows[0]

    def counts(self) -> dict[str, int]:
        """Return how many videos are in each state."""
        return self.count(self._rows())

    @staticmethod
    def count(videos: Iterable[VideoEntry]) -> dict[str, int]:
        """Return how many of these videos are in each state."""
        counted = Counter(video.state for video in videos)
        return {state: counted[state] for state in VIDEO_STATES}

    def problems(self) -> list[Problem]:
        """Return everything that went wrong, ordered by path."""
        return [row.error for row in self.videos() if row.error is not None]

    def eta_s(self) -> float | None:
        """Return the seconds until all jobs are done at the speed so far; None before there is a speed."""
        bytes_per_s = self._event_bus.bytes_per_s()
        bytes_left: float = sum(job.size for job in self._jobs.all() if job.state is JobState.WAITING)
        bytes_left += sum(progress.bytes_left for progress in self._event_bus.in_progress())
        if bytes_left == 0:
            return 0.0
        return round(bytes_left / bytes_per_s, 1) if bytes_per_s else None

    def _rows(self) -> Iterator[VideoEntry]:
        # Read in the order in which a file passes through these, so that none is missed between two reads.
        settling = self._tracker.settling()
        jobs = {job.path: job for job in self._jobs.all()}
        in_progress = {progress.path: progress for progress in self._event_bus.in_progress()}
        at_work = {*settling, *jobs, *in_progress}
        listed: set[Path] = set()
        kept: dict[VideoId, _IdleEntry] = {}
        records = self._library.videos()
        all_are_there = self._tracker.all_are_there()
        for record in records:
            if not record.paths:
                continue
            own = [path for path in record.paths if path in at_work]
            if own:
                listed.update(own)
                own_jobs = [jobs[path] for path in own if path in jobs]
                yield _of_record(record, own_jobs, in_progress, self._tracker.is_there)
            else:
                kept[record.video_id] = idle = self._idle_entry(record, all_are_there)
                yield idle.entry
        self._idle = kept
        for path, job in jobs.items():
            # A finished job without a video is about to be removed from the list.
            if path not in listed and job.code != VideoForgotten.code and job.state is not JobState.DONE:
                yield _of_job(job, in_progress.get(path), self._tracker.is_there(path))
        for path in settling:
            if path not in listed and path not in jobs:
                yield VideoEntry(None, path, (path,), "waiting", None, 0, None)

    def _idle_entry(self, record: VideoRecord, all_are_there: bool) -> _IdleEntry:
        """Return the row of a video without jobs, that of the last list where nothing has changed."""
        known = self._idle.get(record.video_id)
        if known is not None and known.record is record and all_are_there and known.is_online:
            return known
        present = tuple(map(self._tracker.is_there, record.paths))
        if known is None or known.record is not record or known.present != present:
            entry = _of_record(record, [], {}, dict(zip(record.paths, present, strict=True)).__getitem__)
            known = _IdleEntry(record, present, all(present), entry)
        return known


class _IdleEntry(NamedTuple):
    """A row of a list, and what it was made of."""

    record: VideoRecord
    present: tuple[bool, ...]
    is_online: bool
    entry: VideoEntry


def _path_order(video: VideoEntry) -> str:
    """Return a text by which paths sort as they do by their parts, but quicker."""
    return str(video.path).replace("/", "\0")


def _of_record(
    record: VideoRecord,
    jobs: list[Job],
    in_progress: dict[Path, FileProgress],
    is_there: Callable[[Path], bool],
) -> VideoEntry:
    present = [path for path in record.paths if is_there(path)]
    progress = next((in_progress[path] for path in record.paths if path in in_progress), None)
    failed = next((job for job in jobs if job.state is JobState.FAILED), None)
    return VideoEntry(
        record.video_id,
        (present or record.paths)[0],
        record.paths,
        _state(record, {job.state for job in jobs}) if present else "offline",
        record.duration_s,
        record.keyframes,
        _problem(failed, record.keyframes) if failed else _damage(record),
        progress.per_cent if progress else None,
        progress.eta_s(time.monotonic()) if progress else None,
        record.added_at,
    )


def _state(record: VideoRecord, states: set[JobState]) -> str:
    for state in (JobState.WORKING, JobState.WAITING, JobState.FAILED):
        if state in states:
            return state.value
    if not record.complete:
        return "waiting"
    return "partial" if record.damaged else "indexed"


def _of_job(job: Job, progress: FileProgress | None, is_there: bool) -> VideoEntry:
    return VideoEntry(
        progress.video_id if progress else None,
        job.path,
        (job.path,),
        job.state.value if is_there else "offline",
        progress.duration_s if progress else None,
        0,
        _problem(job) if job.state is JobState.FAILED else None,
        progress.per_cent if progress else None,
        progress.eta_s(time.monotonic()) if progress else None,
    )


def _problem(job: Job, kept: int = 0) -> Problem:
    """Return why a file failed; `kept` keyframes of the broken try are searchable until the next one."""
    message = f"{job.message}; what was read before, {kept} keyframes, can be found" if kept else job.message
    return Problem(job.path, job.code, message, job.tries, job.retry_at)


def _damage(record: VideoRecord) -> Problem | None:
    if not record.damaged or not record.complete:
        return None
    message = f"{record.damaged} damaged frames or packets were left out; the rest is searchable"
    return Problem(record.paths[0], DamagedVideo.code, message, 1, None)
