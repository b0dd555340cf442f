"""A durable row per file: waiting, working, done or failed.  Nothing else decides on another try.

The rows are in an LMDB environment of their own beside the store, and in memory for reading.  A call that
changes a row returns when the change is on disk, so the rows survive a crash; `Jobs.recover` goes on from
them.  All times are seconds since the epoch and come in as arguments.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvir_core.errors import CbvirError, DecodeError, InputError, VideoForgotten
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job, JobRows, JobState

RETRY_DELAYS_S = (60.0, 300.0, 1800.0, 7200.0, 43200.0)
"""Seconds before the second, third, ... try.  A minute helps a file that was just being copied; half a day
helps where something is wrong with the machine.  After the last try the file stays failed until it changes
or a retry is requested (`Jobs.retry`)."""

CRASH_RETRIES = 2
"""How often a file that was being worked on when the service died is tried again at once.  Then the file is
suspected of being the cause, and waits as if it had failed."""


class Jobs:
    """Every file that was offered and still exists.  Thread-safe; for one process.

    `delays` are the waits between tries in seconds (`RETRY_DELAYS_S`).
    """

    def __init__(self, rows: JobRows, delays: Sequence[float]) -> None:
        self._rows = rows
        self._delays = tuple(delays)
        self._lock = threading.RLock()
        self._jobs = {job.path: job for job in rows.read()}
        # Of a hundred thousand files nearly all are done, and only the others have anything to wait for.
        self._unfinished = {path: job for path, job in self._jobs.items() if job.state is not JobState.DONE}

    @classmethod
    def open(cls, folder: Path, *, delays: Sequence[float] = RETRY_DELAYS_S) -> Jobs:
        """Open the rows in `folder`, which is made if need be.  Raises StoreDamaged, DiskFull."""
        return cls(JobRows.open(folder), delays)

    def close(self) -> None:
        """Save what a full disk has kept from being saved, and close the rows."""
        with self._lock:
            self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- reading -------------------------------------------------------------------------------

    def get(self, path: Path) -> Job | None:
        """Return the row of this file."""
        return self._jobs.get(path)

    def all(self) -> list[Job]:
        """Return every row, oldest offer first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: (job.offered_at, job.path))

    def unfinished(self) -> list[Job]:
        """Return the rows that are not done, oldest offer first."""
        with self._lock:
            return sorted(self._unfinished.values(), key=lambda job: (job.offered_at, job.path))

    def forgotten(self) -> list[Job]:
        """Return the rows of files that were forgotten on request, and wait for nothing but a retry."""
        return [job for job in self.unfinished() if job.is_forgotten]

    def counts(self) -> dict[JobState, int]:
        """Return how many rows are in each state; every state is a key."""
        with self._lock:
            found = Counter(job.state for job in self._unfinished.values())
            found[JobState.DONE] = len(self._jobs) - len(self._unfinished)
        return {state: found[state] for state in JobState}

    def known(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Return whether offering the file as it is now would change nothing."""
        job = self._jobs.get(path)
        return job is not None and not job.growing and (job.size, job.mtime_ns) == (size, mtime_ns)

    def is_followed(self, path: Path) -> bool:
        """Return whether the file is being read while it grows."""
        job = self._jobs.get(path)
        return job is not None and job.growing and job.state is JobState.WORKING

    @property
    def unsaved(self) -> int:
        """How many rows are only in memory because the disk is full; the next change saves them too."""
        return self._rows.unsaved

    # --- the states of a file --------------------------------------------------------------------------

    def offer(self, path: Path, size: int, mtime_ns: int, now: float) -> Job:
        """Take a finished file: a new or changed one becomes waiting, another one stays as it is.

        A file that changed while it was being worked on is tried again afterwards.
        """
        with self._lock:
            job = self._jobs.get(path)
            if job is not None and (self.known(path, size, mtime_ns) or self.is_followed(path)):
                return job
            if job is not None and job.state is JobState.WORKING:
                return self._put(replace(job, size=size, mtime_ns=mtime_ns, again=True))
            return self._put(Job(path, size, mtime_ns, offered_at=now))

    def offer_growing(self, path: Path, now: float) -> bool:
        """Take a file that grows: it waits to be read as it does; return whether that is new."""
        with self._lock:
            job = self._jobs.get(path)
            if job is not None and job.growing:
                return False
            if job is None or job.state is not JobState.WORKING:  # else it is read so afterwards
                job = Job(path, 0, 0, offered_at=now)
            self._put(replace(job, growing=True, again=job.state is JobState.WORKING))
            return True

    def next(self, now: float, *, growing: bool = False) -> Job | None:
        """Return the file to work on, marked as working and with its try counted; None if there is none.

        It is the waiting file that was offered first, or else the failed file that is due for another try;
        of those that are read while they grow, or of the others.
        """
        with self._lock:
            unfinished = (job for job in self._unfinished.values() if job.growing == growing)
            ready = [job for job in unfinished if self._is_due(job, now)]
            if not ready:
                return None
            job = min(ready, key=lambda job: (job.state is JobState.FAILED, job.retry_at or job.offered_at))
            return self._put(replace(job, state=JobState.WORKING, tries=job.tries + 1, retry_at=None))

    def done(self, path: Path, video_id: VideoId | None = None) -> Job | None:
        """Record that the file's video is in the store.  Return None if the file is gone meanwhile."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.again:
                return self._afresh(job)
            return self._put(
                replace(job, state=JobState.DONE, code="", message="", retry_at=None, video_id=video_id)
            )

    def stopped_growing(self, path: Path, size: int, mtime_ns: int) -> None:
        """Record what a file is that was read while it grew; it is like any other from now on."""
        with self._lock:
            job = self._jobs.get(path)
            if job is not None and job.growing:
                self._put(replace(job, size=size, mtime_ns=mtime_ns, growing=False))

    def failed(self, path: Path, error: BaseException, now: float) -> Job | None:
        """Record that the try ended with `error`, which decides whether and when there is another one.

        An error with ``retry`` is tried again after a growing delay: a limited number of times where
        the file or its decoder is at fault, without end where something else is (a full disk, for example).
        Return None if the file is gone meanwhile.
        """
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.again:
                return self._afresh(job)
            known = error if isinstance(error, CbvirError) else None
            code = known.code if known else "internal"
            message = known.message if known else f"{type(error).__name__}: {error}"
            retry = known.retry if known else True
            limited = known is None or isinstance(known, InputError | DecodeError)
            delay = self._delay(job.tries, limited) if retry else None
            return self._put(_failed(job, code, message, None if delay is None else now + delay))

    def release(self, path: Path) -> Job | None:
        """Record that the service broke the try off (because it stops, for example); it does not count."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.state is not JobState.WORKING:
                return job
            tries = max(0, job.tries - 1)
            return self._put(replace(job, state=JobState.WAITING, tries=tries, again=False))

    def recover(self, now: float) -> list[Job]:
        """Take up again what was being worked on when the service died; to be called once at the start."""
        with self._lock:
            broken = [job for job in self.unfinished() if job.state is JobState.WORKING]
            return [self._put(self._recovered(job, now)) for job in broken]

    def moved(self, source: Path, target: Path, now: float) -> Job | None:
        """Rename a file.  One that is being worked on starts over under its new name.

        Where another file of that name is being worked on, the renamed one is tried afterwards.
        """
        with self._lock:
            if source == target or source not in self._jobs:
                return self._jobs.get(source)
            job, overwritten = self._jobs.pop(source), self._jobs.get(target)
            self._unfinished.pop(source, None)
            if overwritten is not None and overwritten.state is JobState.WORKING:
                moved = replace(overwritten, size=job.size, mtime_ns=job.mtime_ns, again=True)
            elif job.state is JobState.WORKING:
                moved = Job(target, job.size, job.mtime_ns, offered_at=now, growing=job.growing)
            else:
                moved = replace(job, path=target)
            return self._put(moved, without=source)

    def forget(self, path: Path) -> None:
        """Remove the row of a file that is gone for good.  Unknown paths are no error."""
        with self._lock:
            self._unfinished.pop(path, None)
            if self._jobs.pop(path, None) is not None:
                self._rows.write([], [path])

    def note_forgotten(self, jobs: Sequence[Job], video_id: VideoId | None) -> None:
        """Record that the files of a video are to be forgotten on request: only a retry tries them again."""
        error = VideoForgotten("forgotten on request; retry takes it in again")
        self.put_back(
            [replace(_failed(job, error.code, error.message, None), video_id=video_id) for job in jobs]
        )

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Write these rows of files that are still known, all at once."""
        with self._lock:
            known = [job for job in jobs if job.path in self._jobs]
            for job in known:
                self._keep(job)
            self._rows.write(known, [])

    def retry(self, path: Path | None = None) -> int:
        """Make a failed file, or without a path all of them, wait for another try; return how many."""
        with self._lock:
            jobs = list(self._unfinished.values()) if path is None else [self._jobs.get(path)]
            failed = [job for job in jobs if job is not None and job.state is JobState.FAILED]
            for job in failed:
                self._put(replace(job, state=JobState.WAITING, tries=0, retry_at=None))
            return len(failed)

    def read_anew(self, path: Path) -> bool:
        """Make a file that is done wait for another reading; return whether it was done."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.state is not JobState.DONE:
                return False
            self._put(replace(job, state=JobState.WAITING, tries=0))
            return True

    # --- helpers -------------------------------------------------------------------------------

    def _put(self, job: Job, *, without: Path | None = None) -> Job:
        self._keep(job)
        self._rows.write([job], [without] if without is not None else [])
        return job

    def _keep(self, job: Job) -> None:
        self._jobs[job.path] = job
        if job.state is JobState.DONE:
            self._unfinished.pop(job.path, None)
        else:
            self._unfinished[job.path] = job

    def _afresh(self, job: Job | None) -> Job | None:
        """Make a file wait anew that changed while it was worked on: that try says nothing about it."""
        if job is None:
            return None
        return self._put(replace(job, state=JobState.WAITING, tries=0, retry_at=None, again=False))

    def _recovered(self, job: Job, now: float) -> Job:
        if job.again or job.tries <= CRASH_RETRIES:
            return replace(job, state=JobState.WAITING, tries=0 if job.again else job.tries, again=False)
        delay = self._delay(job.tries, limited=True)
        message = f"the service died {job.tries} times while it worked on this file"
        return _failed(job, "decode_crashed", message, None if delay is None else now + delay)

    def _is_due(self, job: Job, now: float) -> bool:
        """Return whether a file may be worked on.

        A time further ahead than any delay was written while the clock was wrong, and holds nothing up.
        """
        if job.state is not JobState.FAILED or job.retry_at is None:
            return job.state is JobState.WAITING
        return not 0.0 < job.retry_at - now <= max(self._delays, default=0.0)

    def _delay(self, tries: int, limited: bool) -> float | None:
        """Return the seconds until the next try after `tries` of them; None if there is to be none."""
        if limited and tries > len(self._delays):
            return None
        return self._delays[min(max(tries, 1), len(self._delays)) - 1]


def _failed(job: Job, code: str, message: str, retry_at: float | None) -> Job:
    return replace(job, state=JobState.FAILED, code=code, message=message, retry_at=retry_at)
