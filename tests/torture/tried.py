"""The service that is tried, and whether it still is what an undisturbed one is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbvird.care.doctor.__main__ import findings
from cbvird.care.doctor.finding import Level
from support.conversions import bring_builtin
from support.films import Film, draw_film
from support.services import Service, frame_at
from torture.plan import Plan, PlanFile
from torture.tally import Outcome

TESTS = Path(__file__).resolve().parents[1]
START_LIMIT_S = 60.0
"""Seconds in which a killed service answers again; longer is a stall beyond its limit."""

INDEXED_LIMIT_S = 600.0
FILMS, ASKED_OF_EACH = 2, 2
DECODE_TIMEOUT_S = 10.0
"""Seconds after which a decode worker that hangs is ended; a worker on a busy machine takes some of them."""

POLL_S = 0.3

Answers = dict[str, tuple[list[tuple[object, ...]], list[tuple[object, ...]]]]
"""File name -> the keyframes of a film, and the best answers to frames of it."""


class Tried(Service):
    """A service under a plan, with the built-in weights, and films that it knows."""

    forked = False

    def __init__(self, prepared: Path, films: list[Film], **options: Any) -> None:
        python = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
        more: dict[str, Any] = {"models": {"profile": "builtin"}, "rescan_s": 3600, "workers": 2} | options
        super().__init__(prepared, environment={"PYTHONPATH": python}, **more)
        self.films, self.plans = films, PlanFile(self.folder)
        self.expected_faults = {"service"}  # what a service leaves that was killed: its socket
        self.questions = {
            film.path.name: [frame_at(film.path, time_s) for time_s in film.middles[:ASKED_OF_EACH]]
            for film in films
        }

    def command(self) -> list[str]:
        return [*self.prefix, *self.planned("cbvird.__main__", "--config", str(self.config))]

    def planned(self, module: str, *arguments: str) -> list[str]:
        """Return the command of a program of cbvir under the plan."""
        return [sys.executable, "-m", "torture.planned", str(self.folder), module, *arguments]

    def timed_start(self) -> float:
        """Start it; return the seconds until it answered."""
        begun = time.monotonic()
        self.start()
        return time.monotonic() - begun

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def ended(self, limit_s: float) -> bool:
        """Wait for the end of the process; return whether it came in time."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(limit_s)
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it with SIGKILL, if it runs."""
        if self.runs:
            self.stop(signal.SIGKILL)

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program beside the service, without output."""
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.variables()
        )

    def take_in_all(self) -> None:
        """Bring back files that are missing, and have what failed or was forgotten tried again."""
        for film in self.films:
            if not (self.videos / film.path.name).exists():
                self.drop(film.path)
        self.post("/v1/rescan")
        self.retry()

    def retry(self) -> None:
        """Have every file tried again that is not indexed; those that were forgotten want to be named."""
        for film in self.films:
            path = self.videos / film.path.name
            if self.state(path) not in ("indexed", "working"):
                self.http.post("/v1/retry", params={"video": str(path)})  # 404 where it is not known yet

    def until_complete(self) -> None:
        """Wait until every film is indexed, and everything that is made later is there."""
        deadline = time.monotonic() + INDEXED_LIMIT_S
        while not self._is_complete():
            assert self.runs, f"the service has ended; {self.trouble()}"
            assert time.monotonic() < deadline, f"not complete in {INDEXED_LIMIT_S:.0f} s; {self.trouble()}"
            time.sleep(POLL_S)

    def _is_complete(self) -> bool:
        status = self.get("/v1/status")
        waiting = [note for note in status["notes"] if "still to be" in note or "cannot be found" in note]
        indexed = status["videos"].get("indexed") == len(self.films)
        return indexed and not status["scanning"] and not waiting and status["refined"] == status["keyframes"]

    def answers(self) -> Answers:
        """Return of each film its keyframes, and the best answers to its frames."""
        found: Answers = {}
        for name, pictures in self.questions.items():
            video = self.video(self.videos / name)
            rows = [] if video is None else self.keyframes(video["video_id"])
            hits = [self.query(picture)["results"][:1] for picture in pictures]
            found[name] = (
                [(one["keyframe_id"], one["time_s"]) for one in rows],
                [tuple((hit["keyframe_id"], hit["verdict"]) for hit in best) for best in hits],
            )
        return found

    def faults(self) -> list[str]:
        """Return what ``doctor --deep`` finds."""
        return [
            f"doctor: {one.said}"
            for one in findings(self.config, deep=True)
            if one.level == Level.FAULT and one.check not in self.expected_faults
        ]


def compare(expected: Answers, found: Answers, outcome: Outcome) -> None:
    """Count keyframes that are gone or doubled, and answers that differ."""
    for name, (keyframes, answers) in expected.items():
        rows, answered = Counter(found[name][0]), found[name][1]
        outcome.lost += sum(not rows[one] for one in keyframes)
        outcome.doubled += sum(rows.values()) - len(rows)
        outcome.changed += sum(one != other for one, other in zip(answers, answered, strict=True))


@dataclass(frozen=True, slots=True)
class Subject:
    """A running service that knows films, with what it answers while nothing disturbs it."""

    service: Tried
    expected: Answers


@contextlib.contextmanager
def tried_service(films: int = FILMS) -> Iterator[Subject]:
    """Yield a service that knows so many drawn films; end it, and check that it ends as it should."""
    with tempfile.TemporaryDirectory() as name:
        prepared = Path(name) / "prepared"
        prepared.mkdir()
        bring_builtin(prepared / "cache")
        drawn = [
            draw_film(Path(name) / f"film-{number}.mp4", seed=number, shots=3, size=(320, 180), rate=6)
            for number in range(films)
        ]
        service = Tried(prepared, drawn, timeout_s=DECODE_TIMEOUT_S)
        service.plans.write(Plan())
        try:
            service.start()
            service.take_in_all()
            service.until_complete()
            yield Subject(service, service.answers())
        finally:
            service.close()


@contextlib.contextmanager
def told_of(outcome: Outcome, service: Tried) -> Iterator[None]:
    """Count what ends the block as a fault, and end the service, which starts anew then."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        outcome.wrong.append(f"{type(error).__name__}: {str(error)[-2000:]}")
        service.plans.write(Plan())
        service.kill()
