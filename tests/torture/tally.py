"""What came of trials, by the name of what was done: the one table of ``python -m torture``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields

COLUMNS = {
    "name": "fault or input",
    "injected": "injected",
    "survived": "survived",
    "lost": "rows lost",
    "doubled": "rows doubled",
    "changed": "answers changed",
    "crashes": "crashes",
    "stall_s": "longest stall",
    "limit_s": "limit",
}


@dataclass(slots=True)
class Line:
    """Everything of one name.  A stall is the time without an answer, or without an outcome of an input."""

    name: str
    injected: int = 0
    survived: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    crashes: int = 0
    stall_s: float = 0.0
    limit_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether all of it was survived, and no stall was beyond its limit."""
        wrong = self.lost or self.doubled or self.changed or self.crashes
        return self.survived == self.injected and not wrong and self.stall_s <= self.limit_s


@dataclass(slots=True)
class Outcome:
    """What came of one fault or input: sentences of what was wrong, and counts."""

    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    crashes: int = 0
    stall_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """The lines of one trial; `wrong` are its sentences, `notes` what else it found."""

    lines: dict[str, Line] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, outcome: Outcome, *, limit_s: float) -> None:
        """Count one fault or input."""
        line = self.lines.setdefault(name, Line(name, limit_s=limit_s))
        line.injected += 1
        for count in ("lost", "doubled", "changed", "crashes"):
            setattr(line, count, getattr(line, count) + getattr(outcome, count))
        line.stall_s = max(line.stall_s, outcome.stall_s)
        late = [f"a stall of {outcome.stall_s:.1f} s"] if outcome.stall_s > limit_s else []
        wrong = [*outcome.wrong, *late]
        counted = outcome.lost or outcome.doubled or outcome.changed or outcome.crashes
        line.survived += not wrong and not counted
        self.wrong += [f"{name} {line.injected}: {said}" for said in wrong]

    def add_inputs(self, name: str, count: int, outcome: Outcome, *, limit_s: float) -> None:
        """Count many inputs at once, of which each crash spoiled one."""
        self.add(name, outcome, limit_s=limit_s)
        line = self.lines[name]
        line.survived += max(0, count - 1 - max(0, outcome.crashes - 1))
        line.injected += count - 1

    @property
    def survived(self) -> bool:
        """Whether everything was, and nothing was wrong."""
        return not self.wrong and all(line.is_good for line in self.lines.values())

    @property
    def injected(self) -> int:
        """How many faults and inputs there were."""
        return sum(line.injected for line in self.lines.values())


def total(lines: Iterable[Line]) -> Line:
    """Return the sum of lines, with the longest stall and its limit."""
    together = Line("all")
    for line in lines:
        for count in ("injected", "survived", "lost", "doubled", "changed", "crashes"):
            setattr(together, count, getattr(together, count) + getattr(line, count))
        if line.stall_s >= together.stall_s:
            together.stall_s, together.limit_s = line.stall_s, line.limit_s
    return together


def _lines(tallies: Iterable[Tally]) -> list[Line]:
    lines = [line for tally in tallies for line in tally.lines.values()]
    return [*lines, total(lines)]


def as_text(tallies: Iterable[Tally]) -> str:
    """Return the table as in docs/figures.md."""
    rows = [list(COLUMNS.values()), ["---"] * len(COLUMNS)]
    for line in _lines(tallies):
        counts = [str(getattr(line, one.name)) for one in fields(Line)[1:-2]]
        rows.append([line.name, *counts, f"{line.stall_s:.1f} s", f"{line.limit_s:.0f} s"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_csv(tallies: Iterable[Tally]) -> str:
    """Return the table as comma-separated values."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMNS))
    writer.writeheader()
    writer.writerows(asdict(line) for line in _lines(tallies))
    return out.getvalue()


def as_json(tallies: Iterable[Tally]) -> str:
    """Return the table, and what was wrong, as JSON."""
    known = list(tallies)
    return json.dumps(
        {
            "lines": [asdict(line) for line in _lines(known)],
            "wrong": [said for tally in known for said in tally.wrong],
            "notes": [said for tally in known for said in tally.notes],
        }
    )
