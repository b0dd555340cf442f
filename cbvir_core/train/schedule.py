"""How the learning rate, the picture size and the strength of augmentation follow the clock.

Everything here is a pure function of the share of the time budget that is spent, in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cbvir_core.train.recipe import HintOptions, SizeStage, TrainingRecipe

FINAL_LEARNING_RATE_SHARE = 0.01
"""The last learning rate, as a share of the highest."""


def learning_rate(spent: float, highest: float, warmup: float) -> float:
    """One cycle: a linear rise during `warmup`, then half a cosine down to `FINAL_LEARNING_RATE_SHARE`."""
    if spent < warmup:
        return highest * max(FINAL_LEARNING_RATE_SHARE, spent / warmup)
    fall = min(1.0, (spent - warmup) / (1.0 - warmup))
    return highest * (
        FINAL_LEARNING_RATE_SHARE + (1.0 - FINAL_LEARNING_RATE_SHARE) * 0.5 * (1.0 + math.cos(math.pi * fall))
    )


def learning_rate_at(spent: float, recipe: TrainingRecipe, hints: bool) -> float:
    """One cycle over the whole budget; with hints one for the forced blocks and one for what follows."""
    forced = recipe.hints.forced if hints else 0.0
    if spent < forced:
        return learning_rate(spent / forced, recipe.hints.learning_rate, recipe.warmup)
    return learning_rate((spent - forced) / (1.0 - forced), recipe.learning_rate, recipe.warmup)


def hint_weight(spent: float, hints: HintOptions) -> float:
    """The weight of hints beside other losses: falls in a line to nothing at ``hints.until``."""
    return hints.weight * max(0.0, min(1.0, (hints.until - spent) / (hints.until - hints.forced)))


def strength(spent: float, ramp: float) -> float:
    """How hard to edit, from 0.3 at the start to 1 from `ramp` on: easy pictures teach first."""
    return 1.0 if spent >= ramp else 0.3 + 0.7 * spent / ramp


def side_at(spent: float, stages: Sequence[SizeStage]) -> int:
    """The side of the pictures: that of the last stage that has begun."""
    begun = [stage for stage in stages if stage.start <= spent]
    return (begun[-1] if begun else stages[0]).side


def step_cost(elapsed_s: float, limit_s: float) -> float:
    """What a step takes off the budget: its time, but never more than `limit_s`."""
    return min(elapsed_s, limit_s)
