"""Progress of a run for people: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.text import Text


class TrainingReport:
    """Shows progress; without a terminal one line at most every `every_s` seconds.  A context manager."""

    def __init__(
        self,
        console: Console | None = None,
        every_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console or Console()
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        self._every_s, self._clock = every_s, clock
        self._shown = -every_s

    def __enter__(self) -> TrainingReport:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line that stays on the screen."""
        self._console.print(
            f"{time.strftime('%H:%M:%S')} {line}", highlight=False, markup=False, soft_wrap=True
        )

    def progress(self, what: str, done: float, total: float, note: str = "") -> None:
        """Show `done` of `total`, with a note such as loss and speed."""
        share = min(1.0, done / total) if total else 1.0
        if self._live:
            filled = round(30 * share)
            self._live.update(Text(f"{what} {'━' * filled}{'╌' * (30 - filled)} {share:5.1%}  {note}"))
            return
        now = self._clock()
        if now - self._shown >= self._every_s:
            self._shown = now
            self.say(f"{what} {share:5.1%}  {note}")
