"""A listener to a watcher, for the tests of `cbvird.watch`."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvird.watch import FileEvent
from cbvird.watch.mounts import Mount

PATIENCE_S = 20.0
LOCAL = [Mount(Path("/"), "ext4", "8:1")]


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


class Listener:
    """Takes events and waits for one."""

    def __init__(self) -> None:
        self.events: queue.Queue[FileEvent] = queue.Queue()
        self.taken: list[FileEvent] = []
        self.fail = 0

    def __call__(self, event: FileEvent) -> None:
        if self.fail:
            self.fail -= 1
            raise queue.Full
        self.events.put(event)

    def wait_for(self, event: FileEvent) -> None:
        """Returns when `event` has come; fails with what came instead."""
        end = time.monotonic() + PATIENCE_S
        while event not in self.taken:
            try:
                self.taken.append(self.events.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                pytest.fail(f"no {event}; but {self.taken}")

    def so_far(self) -> list[FileEvent]:
        while not self.events.empty():
            self.taken.append(self.events.get())
        return self.taken

    def clear(self) -> None:
        self.so_far()
        self.taken.clear()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
