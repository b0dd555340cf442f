from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, WatchDescriptor

from cbvird.watch import FileSeen
from cbvird.watch.observer import Observation, WatchLimit
from support.watching import Listener, touch, wait_until


def test_a_receiver_that_fails_stops_nothing_and_gets_the_event_again(
    root: Path, watch: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cbvird.watch.folder.REDELIVERY_DELAY_S", 0.2)
    watch(polling=False)
    listener.fail = 1
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))
    listener.fail = 100
    touch(*(root / f"{number}.mp4" for number in range(10)))
    wait_until(lambda: listener.fail < 90)
    listener.fail = 0
    for number in range(10):
        listener.wait_for(FileSeen(root / f"{number}.mp4"))


def test_an_overflow_of_the_kernels_queue_leads_to_a_scan(root: Path, watch: Any, listener: Listener) -> None:
    watcher = watch(polling=False)
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))
    listener.clear()
    observation = watcher._folders[0]._observation
    reader = observation._observer._inotify_fd
    reader.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    listener.wait_for(FileSeen(root / "a.mp4"))


def test_dead_threads_are_replaced(root: Path, watch: Any, listener: Listener) -> None:
    watcher = watch(polling=False)
    first = watcher._folders[0]._observation
    first._observer.emitters.copy().pop().stop()
    wait_until(lambda: watcher._folders[0]._observation not in (first, None))
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))


def exhausted(limit: str) -> Callable[..., None]:
    """`Observation.__init__` of a machine whose inotify is used up."""
    original = Observation.__init__

    def init(self: Observation, folder: Path, sink: Any, *, recursive: bool, poll_s: float | None) -> None:
        if poll_s is None:
            raise WatchLimit(limit)
        original(self, folder, sink, recursive=recursive, poll_s=poll_s)

    return init


def test_where_inotify_is_used_up_the_folder_is_polled_with_a_warning_that_names_the_sysctl(
    root: Path, watch: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(Observation, "__init__", exhausted("fs.inotify.max_user_instances"))
    watcher = watch()
    assert watcher.roots()[0].watch == "polling"
    assert "sysctl -w fs.inotify.max_user_instances=" in capsys.readouterr().out
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))


def test_without_polling_rescans_remain(
    root: Path, watch: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Observation, "__init__", exhausted("fs.inotify.max_user_watches"))
    watcher = watch(polling=False)
    assert watcher.roots()[0].watch == "none"
    touch(root / "a.mp4")
    watcher.rescan()
    listener.wait_for(FileSeen(root / "a.mp4"))


def test_folders_inside_that_could_not_be_watched_are_noticed(
    root: Path, watch: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """watchdog says nothing when the limit is reached below the watched folder."""
    from watchdog.observers import inotify_c

    real = inotify_c.inotify_add_watch
    left = threading.Semaphore(3)

    def limited(fd: int, path: bytes, mask: int) -> int:
        if left.acquire(blocking=False):
            return int(real(fd, path, mask))
        import ctypes

        ctypes.set_errno(errno.ENOSPC)
        return -1

    monkeypatch.setattr(inotify_c, "inotify_add_watch", limited)
    for number in range(5):
        (root / str(number)).mkdir()
    watcher = watch()
    wait_until(lambda: watcher.roots()[0].watch == "polling")
    touch(root / "4" / "a.mp4")
    listener.wait_for(FileSeen(root / "4" / "a.mp4"))
