"""Which files are finished: a file is due when its size and time of change have not changed for a while.

The decisions are pure.  The time is an argument, and a function that is passed in tells whether a container
is complete; no thread waits.  The caller looks at the files of `Settler.waiting` from time to time and
reports their state with `saw`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

GRACE_SETTLES = 12
"""An incomplete container is given this many times `settle_s` (a minute by default).  That is long enough
for a stalled copy to go on, and short enough that a file which is really cut short is soon reported.
A wrong guess loses nothing: a file that changes later is offered again."""


@dataclass(frozen=True, slots=True)
class _Pending:
    size: int
    mtime_ns: int
    since: float
    ask_at: float
    grew: bool


class Settler:
    """Files that may still be growing.

    A file is due after `settle_s` seconds without a change.  Then `complete` tells whether its container is
    whole; it is called at most once per `settle_s` and file.  True and None (unknown) take the file, False
    waits until it has not changed for `grace_s` seconds.  An empty file counts as incomplete.  `grows` says
    whether a file is known to be written for long: if so, and if it grew, it is due after `grace_s`.
    """

    def __init__(
        self,
        settle_s: float,
        *,
        complete: Callable[[Path], bool | None] = lambda path: None,
        grows: Callable[[Path], bool] = lambda path: False,
        grace_s: float | None = None,
    ) -> None:
        self._settle_s = settle_s
        self.grace_s = max(settle_s, GRACE_SETTLES * settle_s if grace_s is None else grace_s)
        self._complete, self._grows = complete, grows
        self._pending: dict[Path, _Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def saw(self, path: Path, size: int, mtime_ns: int, now: float, *, before: int | None = None) -> None:
        """Record what the file looks like at `now`.  A change of size or time starts the wait anew.

        `before` is the size that it had when it was due the last time.
        """
        known = self._pending.get(path)
        if known is None or (known.size, known.mtime_ns) != (size, mtime_ns):
            last, grew = (before, False) if known is None else (known.size, known.grew)
            grew = grew or (last is not None and size > last)
            self._pending[path] = _Pending(size, mtime_ns, now, now + self._settle_s, grew)

    def gone(self, path: Path) -> None:
        """Forget a file that is no longer there.  Unknown paths are no error."""
        self._pending.pop(path, None)

    def moved(self, source: Path, target: Path) -> None:
        """Rename a file; its wait goes on."""
        pending = self._pending.pop(source, None)
        if pending is not None:
            self._pending[target] = pending

    def waiting(self) -> list[Path]:
        """Return the files that are not due yet, in the order in which they came."""
        return list(self._pending)

    def growing(self) -> list[Path]:
        """Return the files that are known to be written for long, and that grew since they came."""
        return [path for path, pending in self._pending.items() if pending.grew and self._grows(path)]

    def next_at(self) -> float | None:
        """Return the earliest time at which `due` may return a file; None without files."""
        return min((pending.ask_at for pending in self._pending.values()), default=None)

    def due(self, now: float) -> list[Path]:
        """Return the files that are finished at `now`; each is returned once and then forgotten."""
        quiet = [path for path, pending in self._pending.items() if pending.ask_at <= now]
        due = [path for path in quiet if self._finished(path, self._pending[path], now)]
        for path in due:
            del self._pending[path]
        return due

    def _finished(self, path: Path, pending: _Pending, now: float) -> bool:
        if now >= pending.since + self.grace_s or self._looks_complete(path, pending):
            return True
        ask_at = min(now + self._settle_s, pending.since + self.grace_s)
        self._pending[path] = replace(pending, ask_at=ask_at)
        return False

    def _looks_complete(self, path: Path, pending: _Pending) -> bool:
        if pending.size == 0 or (pending.grew and self._grows(path)):
            return False
        try:
            return self._complete(path) is not False
        except Exception:  # the worker finds out what is wrong with the file, and reports it
            return True
