"""Processor seconds are charged to the innermost stage, and to nothing outside of one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bench.stage_clock import Stage, StageClock


class Work:
    """A program of two stages."""

    def outer(self) -> int:
        burn(0.02)
        return sum(self.inner())

    def inner(self) -> Iterator[int]:
        for number in range(2):
            burn(0.02)
            yield number


def burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_each_stage_has_its_own_seconds() -> None:
    clock, work = StageClock(), Work()
    with clock.watching([Stage("outer", Work, "outer"), Stage("inner", Work, "inner")]):
        burn(0.02)
        assert work.outer() == 1
    work.outer()
    assert clock.cpu_s.keys() == {"outer", "inner"}
    assert clock.cpu_s["outer"] == pytest.approx(0.02, rel=0.3)
    assert clock.cpu_s["inner"] == pytest.approx(0.04, rel=0.3)
