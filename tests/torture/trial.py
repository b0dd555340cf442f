"""What every trial of a service has: its films, what it should answer, and the dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from torture.plan import Plan
from torture.tally import Outcome
from torture.tried import Answers, Tried, compare

REACHED_LIMIT_S = 90.0
"""Seconds in which an operation begins that was asked for."""

FIRST_DURATION_S = 0.3
"""How long an operation takes, before one was seen."""

MAX_ENTRY = 2
"""Calls of an operation at most that pass before the one that is killed."""

MAX_STEP = 4
"""A kill at a write comes at one of so many; an operation of fewer is killed at its end."""

Told = Callable[[str], None]


@dataclass(slots=True)
class Trial:
    """A service with its films, what it should answer, and the dice."""

    service: Tried
    expected: Answers
    rng: random.Random
    durations: dict[str, float] = field(default_factory=dict)

    def plan(self, operation: str, entries: int, *, usual_s: float | None = None) -> Plan:
        """Draw the moment of a kill: within `usual_s` of an operation that takes long."""
        entry = self.rng.randint(0, entries)
        if usual_s is not None:
            return Plan(operation, entry, delay_s=self.rng.uniform(0.0, usual_s))
        if self.rng.random() < 0.5:
            step = self.rng.randint(1, MAX_STEP)
            return Plan(operation, entry, step=step, before=self.rng.random() < 0.5)
        longest = self.durations.get(operation, FIRST_DURATION_S)
        return Plan(operation, entry, delay_s=self.rng.uniform(0.0, longest))

    def note_durations(self, operation: str) -> None:
        """Learn how long an operation takes, for the next delay."""
        for said in self.service.plans.all_that_happened():
            if said.startswith("took "):
                self.durations[operation] = float(said.split()[1])


def complete_and_compare(trial: Trial, outcome: Outcome) -> None:
    """Let the service complete itself, started if it does not run, and compare it with an undisturbed one."""
    service = trial.service
    if not service.runs:
        outcome.stall_s = max(outcome.stall_s, service.timed_start())
    service.take_in_all()
    service.until_complete()
    service.http.delete("/v1/calibration")  # a calibration that was done judges otherwise, as it should
    compare(trial.expected, service.answers(), outcome)
