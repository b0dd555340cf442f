"""Work that takes minutes and that somebody asked for: one of each kind at a time, with its progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import structlog

from cbvir_core.errors import CbvirError, ServiceStopping, TaskBusy, TaskStopped

LOG = structlog.get_logger(__name__)

TaskProgress = Callable[[int, int], None]
"""Called with the steps that are done, and of all steps.  Raises what ends the work where it is to end."""

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class TaskState(Generic[Outcome]):
    """How a task stands: the one that runs, or the last one.

    - `number`: counts the tasks of this kind since the start of the service; 0 before the first one.
    - `done`, `total`: steps; `total` is 0 until it is known.
    - `outcome`: what it returned; None where it runs or failed.
    - `error`: why it failed; None where it runs or did not.
    """

    number: int = 0
    running: bool = False
    done: int = 0
    total: int = 0
    outcome: Outcome | None = None
    error: CbvirError | None = None


class Task(Generic[Outcome]):
    """One kind of work, done in a thread of its own.  Thread-safe.

    `name` is what a person calls it.  `stop` ends the work at its next progress.
    """

    def __init__(self, name: str, stop: threading.Event) -> None:
        self._name, self._stop = name, stop
        self._lock = threading.Lock()
        self._state: TaskState[Outcome] = TaskState()
        self._halt = threading.Event()

    def start(self, work: Callable[[TaskProgress], Outcome]) -> TaskState[Outcome]:
        """Begin the work; return at once.  Raises TaskBusy while such work runs."""
        with self._lock:
            if self._state.running:
                raise TaskBusy(f"a {self._name} is running; try again when it is done")
            self._state = TaskState(number=self._state.number + 1, running=True)
            state = self._state
            self._halt.clear()
        # A daemon thread: between two steps a stop must not wait for it.
        threading.Thread(target=self._run, args=(work,), name=self._name, daemon=True).start()
        return state

    def halt(self) -> None:
        """End the work at its next progress; its error says that somebody stopped it."""
        self._halt.set()

    def state(self) -> TaskState[Outcome]:
        """Return how it stands."""
        with self._lock:
            return self._state

    def _run(self, work: Callable[[TaskProgress], Outcome]) -> None:
        ended: TaskState[Outcome]
        try:
            ended = TaskState(outcome=work(self._report))
        except CbvirError as error:
            LOG.warning("task failed", task=self._name, code=error.code, reason=str(error))
            ended = TaskState(error=error)
        except Exception as error:
            LOG.exception("task failed", task=self._name)
            ended = TaskState(
                error=CbvirError(f"{type(error).__name__}: {error}; the service's log says more")
            )
        with self._lock:
            before = self._state
            self._state = replace(ended, number=before.number, done=before.done, total=before.total)

    def _report(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise ServiceStopping(f"the service is stopping; start the {self._name} again when it runs")
        if self._halt.is_set():
            raise TaskStopped(f"the {self._name} was stopped")
        with self._lock:
            self._state = replace(self._state, done=done, total=total)
