"""How many processors a service and its children have work for, also beside other work on the machine.

Linux counts for each thread how long it ran and how long it was ready and waited for a processor.  A thread
that sleeps while another one works is what a pipeline can do better; one that waits for a processor is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bench.cost import children_of

NS = 1e9
LEAST_DEMAND = 0.2
"""Processors that are counted at least, so that moments of hardly any work are not divided by nothing."""


class Demand:
    """Adds up the work of a process and its children between calls of `look`."""

    def __init__(self, pid: int, processors: int) -> None:
        self._pid, self._processors = pid, processors
        self._last = dict(_threads(pid))
        self.cpu_s = self.waited_s = self.wall_s = 0.0

    def look(self, passed_s: float) -> None:
        """Count what was done since the last call, `passed_s` ago; call it a few times a second.

        Work of threads that began and ended in between is missed.
        """
        now = dict(_threads(self._pid))
        ran, wanted = 0.0, 0.0
        for thread, (run, waited) in now.items():
            before = self._last.get(thread, (0.0, 0.0))
            own, queued = run - before[0], waited - before[1]
            ran, wanted = ran + own, wanted + min(1.0, (own + queued) / passed_s)
            self.waited_s += queued
        self.cpu_s += ran
        self.wall_s += ran / max(LEAST_DEMAND, min(self._processors, wanted))
        self._last = now

    @property
    def against_full_use(self) -> float:
        """The wall clock that the work would take on free processors, by that of the same work spread evenly.

        1 where as many threads had work, all the time, as there are processors.
        """
        return self.wall_s * self._processors / self.cpu_s if self.cpu_s else 0.0


def _threads(pid: int) -> Iterator[tuple[tuple[int, str], tuple[float, float]]]:
    """Yield the seconds that each thread of a process and its children ran, and waited for a processor."""
    with suppress(OSError):  # it has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                run, waited, _ = map(int, (task / "schedstat").read_text().split())
                yield (pid, task.name), (run / NS, waited / NS)
    for child in children_of(pid):
        yield from _threads(child)
