"""The list of videos: what the library holds and what the jobs say, put together.

What counts or names videos reads only those at work, and counts and lists that the store keeps, so that it
takes as long with a hundred thousand videos as with ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cbvir_core.errors import UnknownVideo, VideoForgotten
from cbvir_core.library import Library
from cbvir_core.store import VideoRecord
from cbvir_core.types import VideoId
from cbvird.ingest.entries import (
    VIDEO_STATES,
    Problem,
    VideoEntry,
    of_job,
    of_path,
    of_record,
    path_order,
    state_of,
)
from cbvird.ingest.job_rows import Job, JobState
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.event_bus import EventBus, FileProgress


@dataclass(frozen=True, slots=True)
class _AtWork:
    """The files that settle, that have jobs which are not done, or that are being read."""

    settling: tuple[Path, ...]
    jobs: dict[Path, Job]
    in_progress: dict[Path, FileProgress]

    @property
    def paths(self) -> set[Path]:
        return {*self.settling, *self.jobs, *self.in_progress}


class _IdleEntry(NamedTuple):
    """A row of a list, and what it was made of."""

    record: VideoRecord
    present: tuple[bool, ...]
    is_online: bool
    entry: VideoEntry


class Catalog:
    """A view of library, jobs and tracker.  Every call reads them again."""

    def __init__(self, library: Library, jobs: Jobs, tracker: Tracker, event_bus: EventBus) -> None:
        self._library, self._jobs, self._tracker, self._event_bus = library, jobs, tracker, event_bus
        self._idle: dict[VideoId, _IdleEntry] = {}

    def videos(self) -> list[VideoEntry]:
        """Return all rows, ordered by path."""
        return sorted(self._rows(), key=path_order)

    def find(self, text: str) -> VideoEntry:
        """Return the one video that a path or a unique id prefix names.  Raises UnknownVideo."""
        at_work = self._at_work()
        if row := self._row_at(Path(text), at_work):
            return row
        record = self._library.find(text)
        if not record.paths:
            raise UnknownVideo(f"no video is known as {text}")
        return self._row_of(record, at_work)

    def counts(self) -> dict[str, int]:
        """Return how many videos are in each state."""
        if not self._tracker.all_are_there():
            return _counted(row.state for row in self._rows())
        at_work, known = self._at_work(), self._library.video_counts()
        complete = known.videos - known.incomplete - known.partial - known.pathless
        counted = Counter(indexed=complete, partial=known.partial, waiting=known.incomplete)
        for record, row in self._rows_at_work(at_work):
            if record is not None:
                counted[state_of(record)] -= 1
            counted[row.state] += 1
        return {state: max(0, counted[state]) for state in VIDEO_STATES}

    def working(self) -> list[VideoEntry]:
        """Return the videos that are being taken in, ordered by path."""
        rows = [row for _, row in self._rows_at_work(self._at_work()) if row.state == "working"]
        return sorted(rows, key=path_order)

    def problems(self) -> list[Problem]:
        """Return everything that went wrong, ordered by path."""
        at_work = self._at_work()
        rows = {row.path: row for _, row in self._rows_at_work(at_work)}
        for record in self._library.partial_videos():
            row = self._row_of(record, at_work)
            rows[row.path] = row
        return [row.error for row in sorted(rows.values(), key=path_order) if row.error is not None]

    def eta_s(self) -> float | None:
        """Return the seconds until all jobs are done at the speed so far; None before there is a speed."""
        bytes_per_s = self._event_bus.bytes_per_s()
        bytes_left: float = sum(job.size for job in self._jobs.unfinished() if job.state is JobState.WAITING)
        bytes_left += sum(progress.bytes_left for progress in self._event_bus.in_progress())
        if bytes_left == 0:
            return 0.0
        return round(bytes_left / bytes_per_s, 1) if bytes_per_s else None

    def _at_work(self) -> _AtWork:
        # Read in the order in which a file passes through these, so that none is missed between two reads.
        settling = self._tracker.settling()
        jobs = {job.path: job for job in self._jobs.unfinished()}
        return _AtWork(settling, jobs, {one.path: one for one in self._event_bus.in_progress()})

    def _rows(self) -> Iterator[VideoEntry]:
        at_work = self._at_work()
        busy, listed = at_work.paths, set[Path]()
        kept: dict[VideoId, _IdleEntry] = {}
        records = self._library.videos()
        all_are_there = self._tracker.all_are_there()
        for record in records:
            if not record.paths:
                continue
            if own := busy.intersection(record.paths):
                listed.update(own)
                yield self._row_of(record, at_work)
            else:
                kept[record.video_id] = idle = self._idle_entry(record, all_are_there)
                yield idle.entry
        self._idle = kept
        for path in busy - listed:
            if row := self._row_of_file(path, at_work):
                yield row

    def _rows_at_work(self, at_work: _AtWork) -> Iterator[tuple[VideoRecord | None, VideoEntry]]:
        """Yield the rows of files at work, each once, with their records where the library has them."""
        listed: set[VideoId] = set()
        for path in at_work.paths:
            record = self._library.video_at(path)
            if record is None:
                if row := self._row_of_file(path, at_work):
                    yield None, row
            elif record.video_id not in listed:
                listed.add(record.video_id)
                yield record, self._row_of(record, at_work)

    def _row_at(self, path: Path, at_work: _AtWork) -> VideoEntry | None:
        record = self._library.video_at(path)
        return self._row_of_file(path, at_work) if record is None else self._row_of(record, at_work)

    def _row_of(self, record: VideoRecord, at_work: _AtWork) -> VideoEntry:
        own_jobs = [at_work.jobs[path] for path in record.paths if path in at_work.jobs]
        return of_record(record, own_jobs, at_work.in_progress, self._tracker.is_there)

    def _row_of_file(self, path: Path, at_work: _AtWork) -> VideoEntry | None:
        """Return the row of a file of which the library has no video; None for one that was forgotten."""
        job = at_work.jobs.get(path)
        if job is None:
            return of_path(path) if path in at_work.settling else None
        if job.code == VideoForgotten.code:
            return None
        return of_job(job, at_work.in_progress.get(path), self._tracker.is_there(path))

    def _idle_entry(self, record: VideoRecord, all_are_there: bool) -> _IdleEntry:
        """Return the row of a video without jobs, that of the last list where nothing has changed."""
        known = self._idle.get(record.video_id)
        if known is not None and known.record is record and all_are_there and known.is_online:
            return known
        present = tuple(map(self._tracker.is_there, record.paths))
        if known is None or known.record is not record or known.present != present:
            entry = of_record(record, [], {}, dict(zip(record.paths, present, strict=True)).__getitem__)
            known = _IdleEntry(record, present, all(present), entry)
        return known


def _counted(states: Iterable[str]) -> dict[str, int]:
    counted = Counter(states)
    return {state: counted[state] for state in VIDEO_STATES}
