"""Line charts as SVG, drawn without a library so that the report needs none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

CHART_WIDTH, CHART_HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 20, 50
SERIES_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
TICKS = 5


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """A line: its name and its points, x and y."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of lines.  `diagonal` draws where x equals y.  `name` is that of its CSV."""

    name: str
    title: str
    x_label: str
    y_label: str
    series: Sequence[ChartSeries]
    diagonal: bool = False

    def csv(self) -> str:
        """Return the numbers: series, x, y."""
        rows = [f"{one.name},{x:.6g},{y:.6g}" for one in self.series for x, y in one.points]
        return "\n".join([f"series,{self.x_label},{self.y_label}", *rows]) + "\n"

    def svg(self) -> str:
        """Return the drawing as an ``svg`` element."""
        low_x, high_x = _range([x for one in self.series for x, _ in one.points])
        low_y, high_y = _range([0.0, *(y for one in self.series for _, y in one.points)])

        def at(x: float, y: float) -> str:
            across = LEFT + (x - low_x) / (high_x - low_x) * (CHART_WIDTH - LEFT - RIGHT)
            down = CHART_HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (CHART_HEIGHT - TOP - BOTTOM)
            return f"{across:.1f},{down:.1f}"

        parts = [*_axes((low_x, high_x), (low_y, high_y)), *self._labels()]
        if self.diagonal:
            parts.append(_line([at(low_x, low_x), at(high_x, min(high_x, high_y))], "#afb8c1", dashed=True))
        for number, one in enumerate(self.series):
            colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
            places = [at(x, y) for x, y in sorted(one.points)]
            parts.append(_line(places, colour))
            parts += [_dot(place, colour) for place in places]
            down = CHART_HEIGHT - BOTTOM - 12 - 16 * (len(self.series) - 1 - number)
            parts.append(_text(CHART_WIDTH - RIGHT - 6, down, one.name, "end", colour))
        size = f'viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" width="{CHART_WIDTH}" height="{CHART_HEIGHT}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{"".join(parts)}</svg>'

    def _labels(self) -> list[str]:
        middle = (LEFT + CHART_WIDTH - RIGHT) / 2
        turned = f'transform="rotate(-90 16 {CHART_HEIGHT / 2:g})"'
        return [
            _text(middle, CHART_HEIGHT - 10, self.x_label, "middle"),
            _text(16, CHART_HEIGHT / 2, self.y_label, "middle", extra=turned),
        ]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return low, high if high > low else low + 1.0


def _axes(across: tuple[float, float], down: tuple[float, float]) -> list[str]:
    parts = []
    for step in range(TICKS + 1):
        share = step / TICKS
        x = LEFT + share * (CHART_WIDTH - LEFT - RIGHT)
        y = CHART_HEIGHT - BOTTOM - share * (CHART_HEIGHT - TOP - BOTTOM)
        parts.append(_line([f"{LEFT},{y:.1f}", f"{CHART_WIDTH - RIGHT},{y:.1f}"], "#eaeef2"))
        parts.append(_text(LEFT - 8, y + 4, f"{down[0] + share * (down[1] - down[0]):.3g}", "end"))
        parts.append(
            _text(
                x, CHART_HEIGHT - BOTTOM + 18, f"{across[0] + share * (across[1] - across[0]):.3g}", "middle"
            )
        )
    return parts


def _line(places: Sequence[str], colour: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _dot(place: str, colour: str) -> str:
    x, _, y = place.partition(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#57606a", extra: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text {place} font-size="12" {extra}>{escape(text)}</text>'
