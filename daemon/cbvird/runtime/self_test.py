"""The nightly self-test: the library is asked with frames of its own videos, whose answers are known."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import structlog

from cbvir_core.errors import CbvirError, ServiceStopping
from cbvir_core.files import no_room, replacing
from cbvir_core.json_text import parse_json
from cbvir_core.library import Library
from cbvir_core.measure import QueryFigures

LOG = structlog.get_logger(__name__)

SELF_TEST_QUESTIONS = 100
"""Frames of one test at most; no more than there are keyframes."""

SELF_TEST_FILE = "self_test.json"

SELF_TEST_POLL_S = 5.0
SELF_TEST_WINDOW = datetime.timedelta(hours=1)
"""How late a test may begin: a machine that was off at night does not test in the morning."""

MIN_RIGHT, MAX_FALSE = 0.9, 0.02
"""Shares of right answers, and of false matches, beyond which the log warns."""


@dataclass(frozen=True, slots=True)
class SelfTestResult(QueryFigures):
    """What a self-test found; `at` is when it began, in seconds since the epoch."""

    at: float

    @property
    def is_good(self) -> bool:
        """Whether the library answers as it should."""
        return self.right >= MIN_RIGHT and self.false_matches <= MAX_FALSE


class SelfTest:
    """Tests a library once a day, at a time of day, local time; never where that is None.  Thread-safe.

    The last result is kept in `folder`, over a restart.
    """

    def __init__(
        self,
        library: Library,
        folder: Path,
        at: datetime.time | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._library, self._file, self._at, self._clock = library, folder / SELF_TEST_FILE, at, clock
        self._result = _read(self._file)

    @property
    def result(self) -> SelfTestResult | None:
        """What the last test found; None before the first one."""
        return self._result

    def run(self, stop: threading.Event) -> None:
        """Test whenever it is time, until `stop` is set; the body of a thread."""
        while not stop.is_set():
            if self._at is None:
                stop.wait()
            # Waits are short, so that a clock that is set counts, and the test is not made up for later.
            elif self._is_due(self._at):
                self._test(stop)
            else:
                stop.wait(SELF_TEST_POLL_S)

    def _is_due(self, at: datetime.time) -> bool:
        """Return whether it is the hour of the test, and it was not made yet."""
        now = datetime.datetime.fromtimestamp(self._clock())
        due = datetime.datetime.combine(now.date(), at)
        made = self._result is not None and self._result.at >= due.timestamp()
        return due <= now < due + SELF_TEST_WINDOW and not made

    def _test(self, stop: threading.Event) -> None:
        def progress() -> None:
            if stop.is_set():
                raise ServiceStopping("the service is stopping")

        at = self._clock()
        try:
            count = min(SELF_TEST_QUESTIONS, self._library.counts().keyframes)
            found = self._library.measures.queries(count, seed=int(at) // 86400, told=progress)
        except ServiceStopping:
            return
        except CbvirError as error:
            LOG.warning("self-test failed", code=error.code, reason=str(error))
            self._result = SelfTestResult(0, 0.0, 0.0, 0.0, 0.0, 0.0, at)
            return
        figures = {one.name: getattr(found, one.name) for one in fields(QueryFigures)}
        self._result = SelfTestResult(at=at, **figures)
        log = LOG.info if self._result.is_good or not found.asked else LOG.warning
        log("self-test", **asdict(self._result))
        self._keep(self._result)

    def _keep(self, result: SelfTestResult) -> None:
        try:
            with no_room(self._file), replacing(self._file) as fresh:
                fresh.write_text(json.dumps(asdict(result)))
        except (OSError, CbvirError) as error:
            LOG.warning("the result of the self-test cannot be kept", reason=str(error))


def _read(file: Path) -> SelfTestResult | None:
    try:
        return SelfTestResult(**parse_json(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None
