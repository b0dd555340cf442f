"""One row of the list of videos: what a record of the library and the jobs of its files say together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from cbvir_core.errors import DamagedVideo
from cbvir_core.store import VideoRecord, path_order
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job, JobState
from cbvird.runtime.event_bus import FileProgress

ROOT = Path("/")
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

    def within(self, folder: Path) -> VideoEntry | None:
        """Return the row with a path that lies in the folder; None where it has none."""
        beginning = f"{str(folder).rstrip('/')}/"  # texts are compared quicker than paths
        paths = (path for path in (self.path, *self.paths) if str(path).startswith(beginning))
        path = next(paths, None)
        return None if path is None else self if path == self.path else replace(self, path=path)


@dataclass(frozen=True, slots=True)
class VideoPage:
    """Some of the wanted videos, and how many are wanted in all."""

    videos: list[VideoEntry]
    total: int


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A folder, and how many videos are in it or in folders inside it."""

    path: Path
    videos: int


def entry_order(video: VideoEntry) -> bytes:
    """Return bytes by which rows are sorted: by path, part by part."""
    return path_order(video.path)


def of_record(
    record: VideoRecord,
    jobs: list[Job],
    in_progress: dict[Path, FileProgress],
    is_there: Callable[[Path], bool],
) -> VideoEntry:
    """Return the row of a video, with the jobs of its files that are not done."""
    present = [path for path in record.paths if is_there(path)]
    progress = next((in_progress[path] for path in record.paths if path in in_progress), None)
    failed = next((job for job in jobs if job.state is JobState.FAILED), None)
    return VideoEntry(
        record.video_id,
        (present or record.paths)[0],
        record.paths,
        state_of(record, {job.state for job in jobs}) if present else "offline",
        record.duration_s,
        record.keyframes,
        _problem(failed, record.keyframes) if failed else _damage(record),
        progress.per_cent if progress else None,
        progress.eta_s(time.monotonic()) if progress else None,
        record.added_at,
    )


def state_of(record: VideoRecord, states: Collection[JobState] = ()) -> str:
    """Return the state of a video whose files are there, by the states of their jobs."""
    for state in (JobState.WORKING, JobState.WAITING, JobState.FAILED):
        if state in states:
            return state.value
    if not record.complete:
        return "waiting"
    return "partial" if record.damaged else "indexed"


def of_job(job: Job, progress: FileProgress | None, is_there: bool) -> VideoEntry:
    """Return the row of a file of which the library has no video yet."""
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


def of_path(path: Path) -> VideoEntry:
    """Return the row of a file that is known only by its path: it still settles."""
    return VideoEntry(None, path, (path,), "waiting", None, 0, None)
