"""Learning rate, picture size and strength of augmentation over the time budget.

Each is a pure function of `spent`, the share of the time budget that is spent, in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cbvir_core.train.recipe import HintOptions, SizeStage, TrainingRecipe

FINAL_LEARNING_RATE_SHARE = 0.01
"""The final learning rate as a share of the highest."""


def learning_rate(spent: float, highest: float, warmup: float) -> float:
    """Return the learning rate of one cycle.

    It rises linearly during `warmup`, then falls by half a cosine to `FINAL_LEARNING_RATE_SHARE`.
    """
    if spent < warmup:
        return highest * max(FINAL_LEARNING_RATE_SHARE, spent / warmup)
    fall = min(1.0, (spent - warmup) / (1.0 - warmup))
    return highest * (
        FINAL_LEARNING_RATE_SHARE + (1.0 - FINAL_LEARNING_RATE_SHARE) * 0.5 * (1.0 + math.cos(math.pi * fall))
    )


def learning_rate_at(spent: float, recipe: TrainingRecipe, hints: bool) -> float:
    """Return the rate of one cycle over the budget, or with hints of two: forced blocks, then the rest."""
    forced = recipe.hints.forced if hints else 0.0
    if spent < forced:
        return learning_rate(spent / forced, recipe.hints.learning_rate, recipe.warmup)
    return learning_rate((spent - forced) / (1.0 - forced), recipe.learning_rate, recipe.warmup)


def hint_weight(spent: float, hints: HintOptions) -> float:
    """Return the weight of hints beside other losses: it falls linearly to 0 at ``hints.until``."""
    return hints.weight * max(0.0, min(1.0, (hints.until - spent) / (hints.until - hints.forced)))


def strength(spent: float, ramp: float) -> float:
    """Return the strength of perturbations: 0.3 at first, 1 from `ramp` on: easy ones come first."""
    return 1.0 if spent >= ramp else 0.3 + 0.7 * spent / ramp


def side_at(spent: float, stages: Sequence[SizeStage]) -> int:
    """Return the side of the pictures: that of the last stage that has begun."""
    begun = [stage for stage in stages if stage.start <= spent]
    return (begun[-1] if begun else stages[0]).side


def step_cost(elapsed_s: float, limit_s: float) -> float:
    """Return what a step takes off the budget: its time, at most `limit_s`."""
    return min(elapsed_s, limit_s)
