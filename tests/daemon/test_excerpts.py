"""Parts of videos that are kept for a while, and pools whose queue has an end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cbvir_core.decode import probe
from cbvir_core.errors import DamagedVideo, ServiceBusy, ServiceStopping
from cbvir_core.types import VideoId
from cbvird.runtime.pools import BoundedPool
from cbvird.worker.excerpts import ExcerptFiles
from support.films import Film

ONE = VideoId("aa11")


def excerpts_in(folder: Path, stop: threading.Event | None = None) -> ExcerptFiles:
    return ExcerptFiles(folder, timeout_s=30.0, memory_mb=1024, stop=stop or threading.Event())


def test_a_part_is_written_once(tmp_path: Path, films: list[Film]) -> None:
    excerpts = excerpts_in(tmp_path / "new")
    made = excerpts.get(ONE, films[0].path, 1.0, 2.0, 160)
    assert probe(made).width == 160
    os.utime(made, (1.0, 1.0))
    assert excerpts.get(ONE, films[0].path, 1.0, 2.0, 160) == made
    assert made.stat().st_mtime > 1.0
    assert excerpts.get(ONE, films[0].path, 1.0, 2.0, 80) != made


def test_the_longest_unused_part_is_deleted(
    tmp_path: Path, films: list[Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    excerpts = excerpts_in(tmp_path)
    first, second = (excerpts.get(ONE, films[0].path, start_s, start_s + 1, 80) for start_s in (0.0, 2.0))
    os.utime(second, (1.0, 1.0))
    largest = max(first.stat().st_size, second.stat().st_size)
    monkeypatch.setattr("cbvird.worker.excerpts.EXCERPTS_MAX_BYTES", int(2.5 * largest))
    third = excerpts.get(ONE, films[0].path, 4.0, 5.0, 80)
    assert sorted(tmp_path.iterdir()) == sorted({first, third})


def test_what_fails_leaves_no_file(tmp_path: Path, films: list[Film]) -> None:
    with pytest.raises(DamagedVideo):
        excerpts_in(tmp_path).get(ONE, films[0].path, 500.0, 501.0, 80)
    stop = threading.Event()
    stop.set()
    with pytest.raises(ServiceStopping):
        excerpts_in(tmp_path, stop).get(ONE, films[0].path, 0.0, 20.0, 960)
    assert list(tmp_path.iterdir()) == []


def test_a_full_queue_refuses() -> None:
    go_on = threading.Event()
    with BoundedPool(1, max_unfinished=2, name="pictures", nice=1) as pool:
        running, waiting = pool.submit(go_on.wait, 30), pool.submit(lambda: 5)
        with pytest.raises(ServiceBusy, match="pictures"):
            pool.submit(lambda: 6)
        go_on.set()
        assert running.result()
        assert waiting.result() == 5
        while True:  # the place is free a moment after the result is there
            try:
                assert pool.submit(lambda: 7).result() == 7
                return
            except ServiceBusy:
                continue
