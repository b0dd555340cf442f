from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cbvird.config import WatchSettings
from cbvird.watch import Watcher
from cbvird.watch.mounts import Mount
from support.watching import LOCAL, Listener, wait_until


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def watch(root: Path, listener: Listener) -> Iterator[Callable[..., Watcher]]:
    """Starts a watcher on `root` and waits until it has looked at everything."""
    started: list[Watcher] = []

    def start(
        known: Callable[[], Iterable[Path]] = tuple,
        mounts: Callable[[], list[Mount]] = lambda: LOCAL,
        **settings: Any,
    ) -> Watcher:
        options = WatchSettings(**{"folders": (root,), "poll_s": 0.1, "rescan_s": 3600.0, **settings})
        watcher = Watcher(options, listener, known=known, mounts=mounts, check_s=0.1)
        started.append(watcher)
        watcher.start()
        wait_until(lambda: watcher.scanned)
        return watcher

    yield start
    for watcher in started:
        watcher.stop()
        assert not watcher.is_alive()


@pytest.fixture(params=[False, True], ids=["inotify", "polling"])
def polling(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
