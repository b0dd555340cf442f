"""The list of videos: what the library holds and what the jobs say, put together.

What counts or names videos, or lists some by path, reads only those and those at work, and counts and lists
that the store keeps.  So it takes as long with a hundred thousand videos as with ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cbvir_core.errors import UnknownVideo
from cbvir_core.library import Library
from cbvir_core.store import VideoRecord, path_order
from cbvir_core.types import VideoId
from cbvird.ingest.entries import (
    ROOT,
    VIDEO_STATES,
    FolderEntry,
    Problem,
    VideoEntry,
    VideoPage,
    entry_order,
    of_job,
    of_path,
    of_record,
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
        return sorted(self._rows(), key=entry_order)

    def page(
        self, limit: int, after: Path | None = None, *, under: Path = ROOT, down: bool = False
    ) -> VideoPage:
        """Return up to `limit` rows in a folder, by path, from the one after the path `after` on.

        They are those of `videos`, in its order or with `down` the other way round, and only they are read.
        """
        at_work = self._at_work()
        files = [row for row in self._rows_of_files(at_work) if row.within(under)]
        total = self._library.count_in(under) + len(files)
        left = [row for row in files if after is None or _is_past(row.path, after, down=down)]
        rows = merge(
            self._rows_in(under, after, limit, at_work, down=down),
            sorted(left, key=entry_order, reverse=down),
            key=entry_order,
            reverse=down,
        )
        return VideoPage(list(islice(rows, limit)), total)

    def folders(self, under: Path) -> list[FolderEntry]:
        """Return the folders directly in `under` that hold videos, by name."""
        counted = Counter(self._library.folders_in(under))
        for row in self._rows_of_files(self._at_work()):
            if under in row.path.parent.parents:
                counted[under / row.path.relative_to(under).parts[0]] += 1
        return [FolderEntry(folder, counted[folder]) for folder in sorted(counted)]

    def count(self, under: Path) -> int:
        """Return how many videos are in a folder or in folders inside it."""
        files = self._rows_of_files(self._at_work())
        return self._library.count_in(under) + sum(under in row.path.parents for row in files)

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
        return sorted(rows, key=entry_order)

    def problems(self) -> list[Problem]:
        """Return everything that went wrong, ordered by path."""
        at_work = self._at_work()
        rows = {row.path: row for _, row in self._rows_at_work(at_work)}
        for record in self._library.partial_videos():
            row = self._row_of(record, at_work)
            rows[row.path] = row
        return [row.error for row in sorted(rows.values(), key=entry_order) if row.error is not None]

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

    def _rows_of_files(self, at_work: _AtWork) -> list[VideoEntry]:
        """Return the rows of files at work of which the library has no video."""
        unknown = (path for path in at_work.paths if self._library.video_at(path) is None)
        return [row for path in unknown if (row := self._row_of_file(path, at_work)) is not None]

    def _rows_in(
        self, under: Path, after: Path | None, batch: int, at_work: _AtWork, *, down: bool
    ) -> Iterator[VideoEntry]:
        """Yield the rows of videos in a folder, each at the one of its paths that it is shown with."""
        while found := self._library.paths_in(under, batch, after, down=down):
            for path, record in found:
                row = self._row_of(record, at_work).within(under)
                if row is not None and row.path == path:
                    yield row
            after = found[-1][0]

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
        if job.is_forgotten:
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


def _is_past(path: Path, after: Path, *, down: bool) -> bool:
    """Return whether a path comes after another one in the order that is wanted."""
    one, other = path_order(path), path_order(after)
    return one < other if down else one > other


def _counted(states: Iterable[str]) -> dict[str, int]:
    counted = Counter(states)
    return {state: counted[state] for state in VIDEO_STATES}
