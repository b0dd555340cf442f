"""What is to happen to a program, in a file that it reads again and again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """A kill, writes that fail, and a clock.

    The kill comes in a call of `operation`, after `entry` other calls of it: `delay_s` seconds after its
    beginning, or before or after its `step`-th write.  Of `failing_put` puts into the store, and of
    `failing_file` files that are written anew, one fails; 0: none.  The clock is `clock_s` ahead.
    """

    operation: str = ""
    entry: int = 0
    delay_s: float | None = None
    step: int | None = None
    before: bool = False
    failing_put: int = 0
    failing_file: int = 0
    clock_s: float = 0.0


class PlanFile:
    """The plan in a folder, and beside it the list of what happened."""

    def __init__(self, folder: Path) -> None:
        self._plan, self._happened = folder / "plan.json", folder / "happened"
        self._state, self._read = (0, 0), Plan()

    def write(self, plan: Plan) -> None:
        """Let a plan hold from now on, and empty the list."""
        self._happened.unlink(missing_ok=True)
        unfinished = self._plan.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(plan)))
        unfinished.rename(self._plan)

    def read(self) -> Plan:
        """Return the plan of now."""
        try:
            status = self._plan.stat()
        except FileNotFoundError:
            return Plan()
        if (state := (status.st_ino, status.st_mtime_ns)) != self._state:
            self._read, self._state = Plan(**json.loads(self._plan.read_text())), state
        return self._read

    def happened(self, said: str) -> None:
        """Add to the list."""
        line = os.open(self._happened, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(line, f"{said}\n".encode())
        os.close(line)

    def all_that_happened(self) -> list[str]:
        """Return the list."""
        return self._happened.read_text().splitlines() if self._happened.exists() else []
