"""Charts as SVG, drawn without a library so that the report needs none, and their numbers as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO

CHART_WIDTH, CHART_HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 46, 50
SERIES_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
GRID_COLOUR, TEXT_COLOUR = "#d8dee4", "#57606a"
TICKS = 5
LETTER_WIDTH = 6.6
"""Pixels of a letter at the size of the labels, about."""

BAR_HEIGHT, BAR_PITCH, BAR_LABELS, BAR_VALUES = 16, 24, 130, 80


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """A line: its name and its points, x and y, in the order that they are joined in.

    `marks` are what is written at each point, where there is room; of points at one place, the first and the
    last.
    """

    name: str
    points: Sequence[tuple[float, float]]
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChartAxis:
    """An axis: its label, its range (None: that of the numbers), and whether it has a logarithmic scale."""

    label: str
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False

    def scale(self, values: Sequence[float]) -> _Scale:
        """Return the scale for values."""
        low = min(values, default=1.0) if self.low is None else self.low
        high = max(values, default=1.0) if self.high is None else self.high
        return _Scale(low, high if high > low else low + 1.0, self.logarithmic)


SHARE_AXIS = 0.0, 1.0
"""The range of a share."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of lines.  `diagonal` draws where x equals y.  `name` is part of the name of its CSV."""

    name: str
    title: str
    x: ChartAxis
    y: ChartAxis
    series: Sequence[ChartSeries]
    diagonal: bool = False

    def csv(self) -> str:
        """Return the numbers: series, x, y, and the mark of the point where lines have marks."""
        rows = [
            (one.name, f"{x:.6g}", f"{y:.6g}", mark)
            for one in self.series
            for (x, y), mark in zip(one.points, one.marks or [""] * len(one.points), strict=True)
        ]
        width = 4 if any(one.marks for one in self.series) else 3
        return csv_text(row[:width] for row in [("series", self.x.label, self.y.label, "mark"), *rows])

    def svg(self) -> str:
        """Return the drawing as an ``svg`` element."""
        across = self.x.scale([x for one in self.series for x, _ in one.points])
        upward = self.y.scale([y for one in self.series for _, y in one.points])

        def at(x: float, y: float) -> tuple[float, float]:
            return (
                LEFT + across.share(x) * (CHART_WIDTH - LEFT - RIGHT),
                CHART_HEIGHT - BOTTOM - upward.share(y) * (CHART_HEIGHT - TOP - BOTTOM),
            )

        parts = [*_axes(across, upward), *self._labels(), *self._legend()]
        if self.diagonal:
            low, high = max(across.low, upward.low), min(across.high, upward.high)
            parts.append(_line([at(low, low), at(high, high)], "#afb8c1", dashed=True))
        for number, one in enumerate(self.series):
            places = [at(x, y) for x, y in one.points]
            parts.append(_line(places, _colour(number)))
            parts += [_dot(place, _colour(number)) for place in places]
            down = 16 if number % 2 else -8  # so that marks of two lines stand apart
            parts += _marks(_marks_by_place(places, one.marks), down, _colour(number))
        return _drawing(parts, CHART_WIDTH, CHART_HEIGHT, self.title)

    def _labels(self) -> list[str]:
        middle = (LEFT + CHART_WIDTH - RIGHT) / 2
        half = (TOP + CHART_HEIGHT - BOTTOM) / 2
        turned = f'transform="rotate(-90 14 {half:g})"'
        return [
            _text(middle, CHART_HEIGHT - 10, self.x.label, "middle"),
            _text(14, half, self.y.label, "middle", extra=turned),
        ]

    def _legend(self) -> list[str]:
        """Return the names of the lines, in a row above the plot, where no line can run through them."""
        parts, left = [], float(LEFT)
        for number, one in enumerate(self.series):
            parts.append(_line([(left, 16), (left + 18, 16)], _colour(number)))
            parts.append(_text(left + 24, 20, one.name, "start", _colour(number)))
            left += 40 + LETTER_WIDTH * len(one.name)
        return parts


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart of horizontal bars, each with its label and its value in `unit`."""

    name: str
    title: str
    label: str
    unit: str
    bars: Sequence[tuple[str, float]]

    def csv(self) -> str:
        """Return the numbers: label, value."""
        return csv_text([(self.label, self.unit), *((label, f"{value:.6g}") for label, value in self.bars)])

    def svg(self) -> str:
        """Return the drawing as an ``svg`` element."""
        longest = max((value for _, value in self.bars), default=1.0) or 1.0
        room, parts = CHART_WIDTH - BAR_LABELS - BAR_VALUES, []
        for number, (label, value) in enumerate(self.bars):
            top, length = 10 + number * BAR_PITCH, max(1.0, room * value / longest)
            parts.append(_text(BAR_LABELS - 8, top + 12, label, "end"))
            place = f'x="{BAR_LABELS}" y="{top}" width="{length:.1f}" height="{BAR_HEIGHT}"'
            parts.append(f'<rect {place} fill="{SERIES_COLOURS[0]}"/>')
            text = f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
            parts.append(_text(BAR_LABELS + length + 6, top + 12, f"{text} {self.unit}", "start"))
        return _drawing(parts, CHART_WIDTH, 20 + BAR_PITCH * len(self.bars), self.title)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV; a cell with a comma is quoted."""
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class _Scale:
    """A range of numbers, and where a number lies in it."""

    low: float
    high: float
    logarithmic: bool

    def share(self, value: float) -> float:
        """Return 0 at the low end and 1 at the high one."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round numbers in the range."""
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [10.0**power * step for power in decades for step in (1, 2, 5)]
            return [one for one in found if self.low <= one <= self.high]
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = min((one for one in (1, 2, 5, 10) if one * power >= rough * 0.999), default=10) * power
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _axes(across: _Scale, upward: _Scale) -> list[str]:
    parts, floor = [], CHART_HEIGHT - BOTTOM
    for value in upward.ticks():
        y = floor - upward.share(value) * (floor - TOP)
        parts.append(_line([(LEFT, y), (CHART_WIDTH - RIGHT, y)], GRID_COLOUR, width=1))
        parts.append(_text(LEFT - 8, y + 4, f"{value:.3g}", "end"))
    for value in across.ticks():
        x = LEFT + across.share(value) * (CHART_WIDTH - LEFT - RIGHT)
        parts.append(_line([(x, TOP), (x, floor)], GRID_COLOUR, width=1))
        parts.append(_text(x, floor + 18, f"{value:.3g}", "middle"))
    return parts


def _marks(marks: Mapping[tuple[float, float], Sequence[str]], down: float, colour: str) -> Iterable[str]:
    """Yield the marks of a line; one that would lie on another is left out."""
    taken: list[tuple[float, float]] = []
    for (x, y), own in marks.items():
        text = own[0] if len(own) == 1 else f"{own[0]}-{own[-1]}"
        width = LETTER_WIDTH * len(text)
        left = x - 5 - width if x + width > CHART_WIDTH - RIGHT else x + 5
        if any(abs(left - other) < width + 8 and abs(y - height) < 14 for other, height in taken):
            continue
        taken.append((left, y))
        yield _text(left, y + down, text, "start", colour)


def _marks_by_place(
    places: Sequence[tuple[float, float]], marks: Sequence[str]
) -> dict[tuple[float, float], list[str]]:
    found: dict[tuple[float, float], list[str]] = {}
    for place, mark in zip(places, marks, strict=False):
        found.setdefault(place, []).append(mark)
    return found


def _colour(number: int) -> str:
    return SERIES_COLOURS[number % len(SERIES_COLOURS)]


def _drawing(parts: Sequence[str], width: int, height: int, title: str) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _line(
    places: Sequence[tuple[float, float]], colour: str, *, width: float = 2, dashed: bool = False
) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>'


def _dot(place: tuple[float, float], colour: str) -> str:
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="3" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = TEXT_COLOUR, extra: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text {place} font-size="12" {extra}>{escape(text)}</text>'
