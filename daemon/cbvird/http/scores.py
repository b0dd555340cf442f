"""Probabilities as JSON has them."""

from __future__ import annotations

import math

_ROUNDING_SLACK = 1e-7
"""Ten thousandths that a float may lack: .0003 is 2.9999999999999996 of them."""


def shown_score(probability: float) -> float:
    """Return four digits of a probability, cut off: one below a threshold is shown below it."""
    return math.floor(probability * 10_000 + _ROUNDING_SLACK) / 10_000
