"""The table, the same as CSV, and the plot of cost over size."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from bench.neighbours.measure import Figures

HEADINGS = "rows", "way", "recall@100", "p50 ms", "p95 ms", "build CPU s", "disk MB", "build MB", "search MB"


def table(figures: Sequence[Figures]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    for one in figures:
        cells = (
            f"{one.size:,}",
            one.way,
            f"{one.recall:.3f}",
            f"{one.p50_ms:.2f}",
            f"{one.p95_ms:.2f}",
            f"{one.build_s:.1f}",
            *(f"{size:,.0f}" for size in (one.disk_mb, one.built_mb, one.searched_mb)),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_csv(path: Path, figures: Sequence[Figures]) -> None:
    """Write the figures as comma-separated values."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Figures)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in figures)


def write_plot(path: Path, figures: Sequence[Figures]) -> None:
    """Draw the milliseconds of a query over the rows, a line for each way, and the square root's slope."""
    figure = Figure(figsize=(8.5, 5.5), layout="constrained")
    axes = figure.subplots()
    for number, way in enumerate(dict.fromkeys(one.way for one in figures)):
        own = [one for one in figures if one.way == way]
        sizes, times = [one.size for one in own], [one.p50_ms for one in own]
        axes.plot(sizes, times, marker="osD^v<>*"[number % 8], label=way)
    all_sizes = np.array(sorted({one.size for one in figures}))
    root = np.sqrt(all_sizes / all_sizes[0]) * min(one.p50_ms for one in figures)
    axes.plot(all_sizes, root, color="0.7", linestyle="--", label="square root")
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="ms per query, p50, one thread")
    axes.set_title("100 nearest rows at a recall of .98")
    axes.legend(fontsize=8)
    axes.grid(which="both", alpha=0.2)
    figure.savefig(path, dpi=110)
