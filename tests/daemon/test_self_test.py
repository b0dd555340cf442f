"""The nightly self-test: when it is made, what is kept of it, and where it is shown."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cbvir_core.errors import ModelError
from cbvir_core.library import Library
from cbvir_core.measure import QueryMeasure
from cbvir_core.store import DescriptorCounts
from cbvird.runtime import self_test
from cbvird.runtime.self_test import SELF_TEST_FILE, SelfTest, SelfTestResult
from support.films import Film
from support.services import Service

NIGHT = datetime.time(3, 30)
FOUND = QueryMeasure(
    asked=50, right=0.98, matches=0.9, false_matches=0.01, p50_ms=300.0, p95_ms=900.0, stages_ms={},
    descriptors_p50_ms=50.0, descriptors_p95_ms=70.0,
)  # fmt: skip


class Asked:
    """In the place of a library: counts tests, and fails where it is told to."""

    def __init__(self) -> None:
        self.measures, self.tests, self.fails = self, 0, False
        self.done = threading.Event()

    def counts(self) -> DescriptorCounts:
        return DescriptorCounts(keyframes=7, filtered=7, refined=7)

    def queries(self, count: int, seed: int, told: Callable[[], None]) -> QueryMeasure:
        told()
        assert count == 7
        self.tests += 1
        self.done.set()
        if self.fails:
            raise ModelError("no weights")
        return FOUND


def at(day: int, hour: int, minute: int) -> float:
    return datetime.datetime(2026, 5, day, hour, minute).timestamp()


@pytest.fixture
def library() -> Asked:
    return Asked()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "SELF_TEST_POLL_S", 0.005)


def run_at(library: Asked, folder: Path, when: float, time_of_day: datetime.time | None) -> SelfTest:
    """Run the thread for a moment at a time, and return the self-test."""
    made = SelfTest(cast(Library, library), folder, time_of_day, clock=lambda: when)
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    library.done.wait(0.2)
    stop.set()
    thread.join()
    return made


def test_it_is_made_once_in_its_hour_and_kept(library: Asked, tmp_path: Path) -> None:
    made = run_at(library, tmp_path, at(1, 3, 31), NIGHT)
    assert made.result == SelfTestResult(50, 0.98, 0.9, 0.01, 300.0, 900.0, at=at(1, 3, 31))
    library.done.clear()
    again = run_at(library, tmp_path, at(1, 3, 50), NIGHT)  # after a restart, in the same hour
    assert (library.tests, again.result) == (1, made.result)
    library.done.clear()
    run_at(library, tmp_path, at(2, 3, 30), NIGHT)
    assert library.tests == 2


@pytest.mark.parametrize("when", [at(1, 3, 29), at(1, 4, 31), at(1, 12, 0)])
def test_at_other_times_it_is_not_made(library: Asked, tmp_path: Path, when: float) -> None:
    assert run_at(library, tmp_path, when, NIGHT).result is None
    assert library.tests == 0


def test_without_a_time_it_is_never_made(library: Asked, tmp_path: Path) -> None:
    run_at(library, tmp_path, at(1, 3, 30), None)
    assert library.tests == 0


def test_a_failure_is_told_once_a_night(library: Asked, tmp_path: Path) -> None:
    library.fails = True
    made = run_at(library, tmp_path, at(1, 3, 31), NIGHT)
    assert made.result is not None
    assert (made.result.asked, library.tests) == (0, 1)
    assert not (tmp_path / SELF_TEST_FILE).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 1}'])
def test_a_file_that_cannot_be_read_is_no_result(library: Asked, tmp_path: Path, content: str) -> None:
    (tmp_path / SELF_TEST_FILE).write_text(content)
    assert SelfTest(cast(Library, library), tmp_path, NIGHT).result is None


def test_status_and_metrics_show_what_a_real_one_found(
    make_service: Callable[..., Service], films: list[Film]
) -> None:
    first = make_service()
    first.index([films[0].path])
    first.stop()
    now = f"{datetime.datetime.now():%H:%M}"
    service = make_service(first.data, environment={"CBVIR_SERVICE__SELF_TEST": now})
    found: dict[str, Any] = {}

    def is_made() -> bool:
        found.update(service.get("/v1/status")["self_test"] or {})
        return bool(found)

    service.until(is_made, "the self-test")
    assert found["asked"] > 0
    assert abs(found["at"] - time.time()) < 120
    text = service.http.get("/metrics").text
    assert f"cbvir_self_test_right {found['right']}" in text
    assert "self-test" in service.log.read_text()
