"""The reliability plot: probabilities against the share of right answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from bench.answers.outcomes import AnswerOutcome

RELIABILITY_BINS = 10


def bins(outcomes: Sequence[AnswerOutcome]) -> list[tuple[float, float, int]]:
    """Return for each bin with outcomes the mean probability, the share of right scenes, and their number."""
    probability = np.array([one.score for one in outcomes])
    right = np.array([one.scene for one in outcomes])
    place = np.minimum((probability * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    chosen = [place == number for number in range(RELIABILITY_BINS)]
    return [
        (float(probability[one].mean()), float(right[one].mean()), int(one.sum()))
        for one in chosen
        if one.any()
    ]


def write_plot(path: Path, outcomes: Sequence[AnswerOutcome], error: float) -> None:
    """Draw the mean probability of each bin against its share of right answers, and its size below."""
    figure = Figure(figsize=(6.0, 6.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    claimed, right, count = zip(*bins(outcomes), strict=True)
    above.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfectly calibrated")
    above.plot(
        claimed, right, marker="o", color="C0", label=f"first hits, expected calibration error {error:.3f}"
    )
    above.set(ylabel="share of right scenes", xlim=(0, 1), ylim=(0, 1), title="What a score means")
    above.legend(loc="upper left")
    places = [min(RELIABILITY_BINS - 1, int(mean * RELIABILITY_BINS)) for mean in claimed]
    drawn = below.bar(
        [(place + 0.5) / RELIABILITY_BINS for place in places],
        count,
        width=0.9 / RELIABILITY_BINS,
        color="C0",
    )
    below.bar_label(drawn, fontsize=8)
    below.set(xlabel="score", ylabel="questions", yscale="log", ylim=(0.8, 4 * max(count)))
    figure.savefig(path, dpi=110)
