"""A durable row per file: waiting, working, done or failed; the only place where work is tried again.

Rows live in an LMDB environment of their own beside the store, and in memory for reading: a call that
changes a row returns when the change is on disk.  What is known survives a crash; `Jobs.recover`
goes on from there.  All times are seconds since the epoch and come in as arguments.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvir_core.errors import CbvirError, DecodeError, InputError
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job, JobRows, State

DELAYS_S = (60.0, 300.0, 1800.0, 7200.0, 43200.0)
"""Before the second, third, ... try: a minute helps a file that was just being copied, half a day one
whose trouble is the machine's.  After the last the file stays failed until it changes or somebody
asks for it (`Jobs.retry`)."""

SUDDEN_DEATHS = 2
"""A file that was being worked on when the service died is taken up again at once this many times.
Then it is suspected of having been the cause and has to wait as if it had failed."""


class Jobs:
    """Every file that was ever offered and is still there.  Thread-safe; one process.

    ``delays`` are the waits between tries (`DELAYS_S`).
    """

    def __init__(self, rows: JobRows, delays: Sequence[float]) -> None:
        self._rows = rows
        self._delays = tuple(delays)
        self._lock = threading.RLock()
        self._jobs = {job.path: job for job in rows.read()}

    @classmethod
    def open(cls, folder: Path, *, delays: Sequence[float] = DELAYS_S) -> Jobs:
        """The rows in `folder`, which is made if need be.  Raises StoreDamaged, DiskFull."""
        return cls(JobRows.open(folder), delays)

    def close(self) -> None:
        """Saves what a full disk has kept from being saved, and lets go of the folder."""
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
        """The row of this file."""
        return self._jobs.get(path)

    def all(self) -> list[Job]:
        """Every row, oldest offer first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: (job.offered_at, job.path))

    def counts(self) -> dict[State, int]:
        """How many rows are in each state; every state is there."""
        with self._lock:
            found = Counter(job.state for job in self._jobs.values())
        return {state: found[state] for state in State}

    def known(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Whether offering the file as it is now would change nothing."""
        job = self._jobs.get(path)
        return job is not None and (job.size, job.mtime_ns) == (size, mtime_ns)

    def next_at(self, now: float) -> float | None:
        """When `next` will have something: `now` or earlier if it has, None if it never will by itself."""
        with self._lock:
            starts = [_starts_at(job) for job in self._jobs.values()]
        return min((start for start in starts if start is not None), default=None)

    @property
    def unsaved(self) -> int:
        """Rows that are ahead of the disk because it is full; they are saved with the next change."""
        return self._rows.unsaved

    # --- a file's way --------------------------------------------------------------------------

    def offer(self, path: Path, size: int, mtime_ns: int, now: float) -> Job:
        """A finished file: new or changed ones become waiting, others stay as they are.

        One that changed while it is being worked on is taken up again afterwards.
        """
        with self._lock:
            job = self._jobs.get(path)
            if job is not None and (job.size, job.mtime_ns) == (size, mtime_ns):
                return job
            if job is not None and job.state is State.WORKING:
                return self._put(replace(job, size=size, mtime_ns=mtime_ns, again=True))
            return self._put(Job(path, size, mtime_ns, offered_at=now))

    def next(self, now: float) -> Job | None:
        """The file to work on, now marked as working and its try counted: the waiting one that was
        offered first, else the failed one whose time has come.  None if there is none."""
        with self._lock:
            ready = [job for job in self._jobs.values() if _is_due(job, now)]
            if not ready:
                return None
            job = min(ready, key=lambda job: (job.state is State.FAILED, job.retry_at or job.offered_at))
            return self._put(replace(job, state=State.WORKING, tries=job.tries + 1, retry_at=None))

    def done(self, path: Path, video_id: VideoId | None = None) -> Job | None:
        """The file's video is in the store.  None if the file has gone meanwhile."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.again:
                return self._afresh(job)
            return self._put(
                replace(job, state=State.DONE, code="", message="", retry_at=None, video_id=video_id)
            )

    def failed(self, path: Path, error: BaseException, now: float) -> Job | None:
        """The try ended with `error`, which decides whether and when there is another one.

        An error with ``retry`` is tried again after a growing delay: a limited number of times where
        the file or its decoder is at fault, for ever where something else is (a full disk, say).
        None if the file has gone meanwhile.
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
        """The try was broken off by the service itself (it stops, say): it does not count."""
        with self._lock:
            job = self._jobs.get(path)
            if job is None or job.state is not State.WORKING:
                return job
            tries = max(0, job.tries - 1)
            return self._put(replace(job, state=State.WAITING, tries=tries, again=False))

    def recover(self, now: float) -> list[Job]:
        """To be called once at start: takes up what was being worked on when the service died."""
        with self._lock:
            broken = [job for job in self.all() if job.state is State.WORKING]
            return [self._put(self._recovered(job, now)) for job in broken]

    def moved(self, source: Path, target: Path, now: float) -> Job | None:
        """The file has a new name.  One that is being worked on starts over under it.

        Where another one of that name is being worked on, it is taken up afterwards.
        """
        with self._lock:
            if source == target or source not in self._jobs:
                return self._jobs.get(source)
            job, there = self._jobs.pop(source), self._jobs.get(target)
            if there is not None and there.state is State.WORKING:
                moved = replace(there, size=job.size, mtime_ns=job.mtime_ns, again=True)
            elif job.state is State.WORKING:
                moved = Job(target, job.size, job.mtime_ns, offered_at=now)
            else:
                moved = replace(job, path=target)
            return self._put(moved, without=source)

    def forget(self, path: Path) -> None:
        """The file is gone for good.  Unknown paths are no error."""
        with self._lock:
            if self._jobs.pop(path, None) is not None:
                self._rows.write([], [path])

    def retry(self, path: Path | None = None) -> int:
        """Makes a failed file (without a path: every one) wait for another try; how many there were."""
        with self._lock:
            jobs = list(self._jobs.values()) if path is None else [self._jobs.get(path)]
            failed = [job for job in jobs if job is not None and job.state is State.FAILED]
            for job in failed:
                self._put(replace(job, state=State.WAITING, tries=0, retry_at=None))
            return len(failed)

    # --- helpers -------------------------------------------------------------------------------

    def _put(self, job: Job, *, without: Path | None = None) -> Job:
        self._jobs[job.path] = job
        self._rows.write([job], [without] if without is not None else [])
        return job

    def _afresh(self, job: Job | None) -> Job | None:
        """A file that changed while it was worked on: what came of that says nothing about it."""
        if job is None:
            return None
        return self._put(replace(job, state=State.WAITING, tries=0, retry_at=None, again=False))

    def _recovered(self, job: Job, now: float) -> Job:
        if job.again or job.tries <= SUDDEN_DEATHS:
            return replace(job, state=State.WAITING, tries=0 if job.again else job.tries, again=False)
        delay = self._delay(job.tries, limited=True)
        message = f"the service died {job.tries} times while it worked on this file"
        return _failed(job, "decode_crashed", message, None if delay is None else now + delay)

    def _delay(self, tries: int, limited: bool) -> float | None:
        """Seconds until the next try after `tries` of them; None if there is to be none."""
        if limited and tries > len(self._delays):
            return None
        return self._delays[min(max(tries, 1), len(self._delays)) - 1]


def _failed(job: Job, code: str, message: str, retry_at: float | None) -> Job:
    return replace(job, state=State.FAILED, code=code, message=message, retry_at=retry_at)


def _starts_at(job: Job) -> float | None:
    if job.state is State.WAITING:
        return job.offered_at
    return job.retry_at if job.state is State.FAILED else None


def _is_due(job: Job, now: float) -> bool:
    start = _starts_at(job)
    return job.state is State.WAITING or (start is not None and start <= now)
