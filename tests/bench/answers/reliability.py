"""The reliability plot: what a score claims against what is so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from bench.answers.outcomes import AnswerOutcome

RELIABILITY_BINS = 10


def bins(outcomes: Sequence[AnswerOutcome]) -> list[tuple[float, float, int]]:
    """Of each bin that has any: the mean score, the share of right scenes, and how many."""
    said = np.array([one.score for one in outcomes])
    right = np.array([one.scene for one in outcomes])
    place = np.minimum((said * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    chosen = [place == number for number in range(RELIABILITY_BINS)]
    return [
        (float(said[one].mean()), float(right[one].mean()), int(one.sum())) for one in chosen if one.any()
    ]


def write_plot(path: Path, outcomes: Sequence[AnswerOutcome], error: float) -> None:
    """The mean score of each bin against the share of right answers, and how many fell into it."""
    figure = Figure(figsize=(6.0, 6.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    told, so, count = zip(*bins(outcomes), strict=True)
    above.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfectly calibrated")
    above.plot(told, so, marker="o", color="C0", label=f"first hits, expected calibration error {error:.3f}")
    above.set(ylabel="share of right scenes", xlim=(0, 1), ylim=(0, 1), title="What a score means")
    above.legend(loc="upper left")
    places = [min(RELIABILITY_BINS - 1, int(mean * RELIABILITY_BINS)) for mean in told]
    drawn = below.bar(
        [(place + 0.5) / RELIABILITY_BINS for place in places],
        count,
        width=0.9 / RELIABILITY_BINS,
        color="C0",
    )
    below.bar_label(drawn, fontsize=8)
    below.set(xlabel="score", ylabel="questions", yscale="log", ylim=(0.8, 4 * max(count)))
    figure.savefig(path, dpi=110)
