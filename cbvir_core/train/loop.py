"""The training loop: steps until the time budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from cbvir_core.errors import WeightsMismatch
from cbvir_core.train import checkpoint, schedule
from cbvir_core.train.lesson import Lesson
from cbvir_core.train.recipe_file import recipe_table
from cbvir_core.train.report import TrainingReport

CHECKPOINT_EVERY_S = 150.0
MAX_GRADIENT_NORM = 5.0


class RunChoices(Protocol):
    """What the loop reads of a recipe, whatever it trains."""

    @property
    def learning_rate(self) -> float:
        """The highest learning rate."""

    @property
    def weight_decay(self) -> float:
        """Of AdamW, on matrices and filters."""

    @property
    def ema(self) -> float:
        """Share of the moving average that a step keeps."""

    @property
    def step_limit_s(self) -> float:
        """The most that one step takes off the time budget."""


class TrainingRun:
    """One run, new or resumed: the network of a lesson, its moving average and its optimiser."""

    def __init__(self, recipe: RunChoices, lesson: Lesson) -> None:
        self.recipe, self.lesson, self.network = recipe, lesson, lesson.network
        self.optimiser = _optimiser(self.network, recipe)
        self.step, self.seen, self.spent_s = 0, 0, 0.0
        self.shown = 0  # views of the last step
        self.averaged = {name: value.clone() for name, value in self.network.state_dict().items()}

    def resume(self, saved: checkpoint.TrainingCheckpoint) -> None:
        """Continue from a checkpoint.

        Raise WeightsMismatch where it is of another network, or has other parts of it frozen.
        """
        try:
            self.network.load_state_dict(saved.network)
            self.optimiser.load_state_dict(saved.optimiser)
        except (RuntimeError, ValueError) as error:
            raise WeightsMismatch(
                "the checkpoint is of a run with another network; name another folder with --out"
            ) from error
        for name, value in saved.averaged.items():
            self.averaged[name].copy_(value)
        self.lesson.restore(saved.lesson)
        self.step, self.seen, self.spent_s = saved.step, saved.seen, saved.spent_s

    def state(self) -> checkpoint.TrainingCheckpoint:
        """Return the present state of the run."""
        return checkpoint.TrainingCheckpoint(
            step=self.step,
            spent_s=self.spent_s,
            seen=self.seen,
            recipe=recipe_table(self.recipe),
            data=self.lesson.material.data,
            network=self.network.state_dict(),
            averaged=self.averaged,
            optimiser=self.optimiser.state_dict(),
            lesson=self.lesson.state(),
        )

    def run(
        self,
        budget_s: float,
        folder: Path,
        report: TrainingReport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take steps until `budget_s` is spent.

        Save checkpoints into `folder` at intervals, at the end and on Ctrl-C.  Raise DiskFull.  Raise
        KeyboardInterrupt after the checkpoint is saved.
        """
        try:
            self._spend(budget_s, folder, report, clock)
        except KeyboardInterrupt:
            # A step may be half done.  It is not counted, so a resumed run takes it again.
            checkpoint.save(self.state(), folder)
            raise
        report.say(f"trained for {self.step} steps on {self.seen} pictures")
        checkpoint.save(self.state(), folder)

    def _spend(
        self, budget_s: float, folder: Path, report: TrainingReport, clock: Callable[[], float]
    ) -> None:
        saved_at = clock()
        views_per_s = 0.0
        while self.spent_s < budget_s:
            began = clock()
            batches = self.lesson.prepare(self.step, self.spent_s / budget_s, self.averaged, report)
            ready = clock()
            parts = self.advance(self.spent_s / budget_s)
            elapsed = max(1e-6, clock() - ready)
            limit_s = self.recipe.step_limit_s
            self.spent_s += schedule.step_cost(ready - began, batches * limit_s)
            self.spent_s += schedule.step_cost(elapsed, limit_s)
            latest = self.shown / elapsed
            views_per_s = 0.95 * views_per_s + 0.05 * latest if views_per_s else latest
            note = _note(parts, views_per_s, self.step, budget_s - self.spent_s)
            report.progress("training", self.spent_s, budget_s, note)
            if clock() - saved_at >= CHECKPOINT_EVERY_S:
                checkpoint.save(self.state(), folder)
                saved_at = clock()

    def advance(self, spent: float) -> dict[str, float]:
        """Take one step at the share `spent` of the budget; return the losses by name."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.lesson.rate(spent)
        self.network.train()
        taken = self.lesson.take(self.step, spent)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(taken.losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT_NORM)
        self.optimiser.step()
        self._average()
        self.step += 1
        self.seen, self.shown = self.seen + taken.pictures, taken.views
        return {name: float(value.detach()) for name, value in taken.losses.items()}

    @torch.no_grad()
    def _average(self) -> None:
        """Move the average towards the network; faster at first, so that it forgets the initial weights."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.averaged[name].lerp_(value, 1.0 - keep)
            else:
                self.averaged[name].copy_(value)


def _optimiser(network: nn.Module, recipe: RunChoices) -> torch.optim.AdamW:
    """Return AdamW with weight decay on matrices and filters only, not on norms, biases or GeM's exponent."""
    learnt = [value for value in network.parameters() if value.requires_grad]
    groups = [
        {"params": [value for value in learnt if value.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [value for value in learnt if value.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _note(parts: dict[str, float], views_per_s: float, step: int, left_s: float) -> str:
    values = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
    left = f"{max(0.0, left_s) / 60.0:.0f} min left"
    return f"loss {sum(parts.values()):.3f}  {values}  {views_per_s:.0f} images/s  step {step}  {left}"
