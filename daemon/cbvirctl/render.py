"""What the output for people is made of: times, counts, probabilities, words in their colours."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from cbvir_shared.path_text import printable

WORD_COLOURS = {
    "match": "green",
    "likely": "yellow",
    "none": "dim",
    "indexed": "green",
    "partial": "yellow",
    "working": "cyan",
    "failed": "red",
    "offline": "magenta",
}
"""The colour of a verdict or of a state."""

UNLIMITED_COLUMNS = 1000
"""Width of output that goes to no terminal: a row stays one line, for `grep`."""

_ROUNDING = 1e-9
"""A probability of .29 is 28.999999999999996 hundredths."""


def console() -> Console:
    """Return where results are printed: as wide as the terminal, or as ``COLUMNS`` says."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if known else UNLIMITED_COLUMNS, soft_wrap=True)


def remarks_console() -> Console:
    """Return where remarks and progress are printed: stderr."""
    return Console(stderr=True, highlight=False)


class WithoutEnds:
    """A table without the spaces with which Rich fills its lines.

    Spaces on a background stay: a picture may be drawn with them.
    """

    def __init__(self, table: RenderableType) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table's lines, each up to its last character."""
        for line in Segment.split_lines(console.render(self._table, options)):
            yield from _without_end(line)
            yield Segment.line()


def _without_end(line: Sequence[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].control and not (kept[-1].style and kept[-1].style.bgcolor):
        text = kept[-1].text.rstrip(" ")
        if text:
            kept[-1] = kept[-1]._replace(text=text)
            break
        kept.pop()
    return kept


def clock(seconds: float | None) -> str:
    """Return ``1:02:03.45`` or ``2:03.45``; a dash for an unknown time."""
    if seconds is None:
        return "–"
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def clocks(start_s: float | None, end_s: float | None) -> str:
    """Return ``2:03.45 to 2:05.00``."""
    return f"{clock(start_s)} to {clock(end_s)}"


def span(seconds: float | None) -> str:
    """Return a rounded duration: ``3 h 20 min``, ``12 min``, ``40 s``; a dash for an unknown one."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def took(milliseconds: float) -> str:
    """Return how long an answer took: ``84 ms``, ``2.8 s``."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def probability(score: float) -> str:
    """Return two digits, cut off and not rounded: .8996 is below .9, and reads ``0.89``."""
    return f"{math.floor(score * 100 + _ROUNDING) / 100:.2f}"


def counted(number: int, noun: str) -> str:
    """Return ``1 segment``, ``1,200 segments``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def coloured(word: str) -> Text:
    """Return a verdict or state in its colour."""
    return Text(word, style=WORD_COLOURS.get(word, ""))


def plain(text: str, style: str = "") -> Text:
    """Return a path or message as it is: square brackets in it are no markup, and codes are shown."""
    return Text(printable(text), style=style)
