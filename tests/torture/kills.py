"""Kills inside operations by name: sealing, merging, backfill, migration, backup, restore and the rest.

A program kills itself with SIGKILL at a planned moment of an operation (`torture.planned`): some time after
its beginning, or before or after one of its writes.  After each kill every row, value and link is checked
while nothing runs; then the service starts again, completes what it has to, and gives the answers of an
undisturbed run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from torture.backups import backing_up, restoring
from torture.older import with_former_schema, with_other_codec, with_other_weights
from torture.plan import Plan
from torture.tally import Outcome, Tally
from torture.trial import MAX_ENTRY, REACHED_LIMIT_S, Told, Trial, complete_and_compare
from torture.tried import START_LIMIT_S, Subject, told_of

Prepare = Callable[[Path], None]
Trigger = Callable[[Trial], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """An operation, and how it is brought about: by what a data folder holds at a start, or a request."""

    operation: str
    prepare: Prepare | None = None
    trigger: Trigger | None = None
    entries: int = MAX_ENTRY
    usual_s: float | None = None
    may_end: bool = False  # by itself, before the kill comes

    def plan(self, trial: Trial) -> Plan:
        """Draw the moment of a kill."""
        return trial.plan(self.operation, self.entries, usual_s=self.usual_s)


def kill_often(
    subject: Subject,
    kills: int,
    seed: int,
    told: Told = print,
    *,
    names: Sequence[str] = (),
    tally: Tally | None = None,
) -> Tally:
    """Kill a service, or a backup or restore of it, `kills` times: each kind in its turn.

    The same seed draws the same plans; moments still differ.  `names` are the kinds, by default all.
    """
    tally, service = tally or Tally(), subject.service
    trial, kinds = Trial(service, subject.expected, random.Random(seed)), names or [*KINDS]
    for number in range(kills):
        kind, outcome, where = kinds[number % len(kinds)], Outcome(), ""
        with told_of(outcome, service):
            if not service.runs:
                complete_and_compare(trial, Outcome())
            where = KINDS[kind](trial, outcome)
            complete_and_compare(trial, outcome)
        shown = f"killed soon after {kind}" if where == "after" else f"killed while {kind}"
        tally.add(shown, outcome, limit_s=START_LIMIT_S)
        told(f"{number + 1} of {kills}: {shown}; {len(tally.wrong)} faults so far")
    return tally


def _killed_inside(kind: Kind, trial: Trial, outcome: Outcome) -> str:
    """Let the service kill itself in an operation, and check what is left; return ``inside`` or ``after``."""
    service = trial.service
    if kind.prepare is not None:
        assert service.stop() == 0, service.trouble()
        kind.prepare(service.data)
        service.plans.write(kind.plan(trial))
        with contextlib.suppress(AssertionError, httpx.TransportError):  # it may be killed before it answers
            service.start()
    else:
        service.plans.write(kind.plan(trial))
    if kind.trigger is not None:
        kind.trigger(trial)
    if not service.ended(REACHED_LIMIT_S):
        outcome.wrong.append(f"{kind.operation} did not begin; {service.trouble()}")
        service.kill()
    trial.note_durations(kind.operation)
    where = next((said for said in service.plans.all_that_happened() if said in ("inside", "after")), "")
    if not where and kind.may_end:
        where = "after"
    elif not where:
        outcome.wrong.append(f"it ended by itself; {service.trouble()}")
    service.plans.write(Plan())
    outcome.wrong += service.faults()
    return where


def forget(trial: Trial) -> None:
    """Forget most of the films, and have them taken in again."""
    with contextlib.suppress(Exception):  # it may be killed before it answers
        videos = trial.service.http.get("/v1/videos").json()["videos"]
        forgotten = trial.rng.sample(videos, max(1, len(videos) - 1))
        for video in forgotten:
            trial.service.http.delete(f"/v1/videos/{video['video_id']}")
        for video in forgotten:
            trial.service.http.post("/v1/retry", params={"video": video["path"]})


def _move(trial: Trial) -> None:
    path = trial.service.videos / trial.rng.choice(trial.service.films).path.name
    moved = path.with_name(f"moved-{path.name}")
    path.rename(moved)
    trial.service.ended(REACHED_LIMIT_S)
    moved.rename(path)


def _request(method: str, route: str, **parameters: str) -> Trigger:
    def trigger(trial: Trial) -> None:
        with contextlib.suppress(Exception):
            trial.service.http.request(method, route, params=parameters)

    return trigger


def _ask(trial: Trial) -> None:
    pictures = [picture for known in trial.service.questions.values() for picture in known]
    with contextlib.suppress(BaseException):  # `pytest.fail` where the connection breaks, as it will
        for _ in range(MAX_ENTRY + 1):
            trial.service.query(trial.rng.choice(pictures), all=True)


def _stop(trial: Trial) -> None:
    os.kill(trial.service.pid, signal.SIGTERM)


def _inside(kind: Kind) -> Callable[[Trial, Outcome], str]:
    return lambda trial, outcome: _killed_inside(kind, trial, outcome)


def _nothing(data: Path) -> None:
    """Start anew with what is there."""


KINDS: dict[str, Callable[[Trial, Outcome], str]] = {
    "taking in": _inside(Kind("taking in", trigger=forget, entries=0)),
    "sealing a segment": _inside(Kind("sealing", trigger=forget, entries=0)),
    "merging segments": _inside(Kind("merging", trigger=forget, entries=0)),
    "making SOLAR rows": _inside(Kind("backfill of SOLAR", trigger=forget, entries=0)),
    "making local features": _inside(Kind("backfill of features", trigger=forget, entries=0)),
    "reading frames of older rows": _inside(Kind("backfill of frames", with_other_codec)),
    "changing weights": _inside(Kind("change of weights", with_other_weights, entries=1)),
    "migrating the schema": _inside(
        Kind("migration of the schema", lambda data: with_former_schema(data / "store"), entries=0)
    ),
    "backing up": backing_up,
    "restoring": restoring,
    "calibrating": _inside(
        Kind(
            "calibrating", trigger=_request("POST", "/v1/calibrate", questions="100"), entries=0, usual_s=8.0
        )
    ),
    "rebuilding the index": _inside(
        Kind("rebuilding", trigger=_request("POST", "/v1/index/rebuild"), entries=1)
    ),
    "forgetting": _inside(Kind("forgetting", trigger=forget, entries=0)),
    "following a moved file": _inside(Kind("following a move", trigger=_move, entries=0)),
    "answering": _inside(Kind("answering", trigger=_ask, entries=MAX_ENTRY)),
    "starting": _inside(Kind("starting", _nothing, entries=0)),
    "stopping": _inside(Kind("stopping", trigger=_stop, entries=0, may_end=True)),
}
"""What is killed, by name."""
