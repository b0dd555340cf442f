"""The training itself: steps until the time budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.train import checkpoint, losses, schedule
from cbvir_core.train.augment import augment
from cbvir_core.train.chance import Chance
from cbvir_core.train.hints import BlockHints
from cbvir_core.train.recipe import Recipe, recipe_table
from cbvir_core.train.report import Report
from cbvir_core.train.teacher import Teacher
from cbvir_core.train.tensors import prepare

SAVE_EVERY_S = 150.0
LARGEST_GRADIENT = 5.0


@dataclass(frozen=True)
class Material:
    """What is learnt from.

    `pixels` are the training pictures, uint8 N x 3 x S x S; `teacher` what a teacher says of them, its
    rows as wide as the recipe's whitening; `data` is kept with the weights.
    """

    pixels: Tensor
    teacher: Teacher | None
    data: dict[str, Any] = field(default_factory=dict)


class Training:
    """A network, its moving average and its optimiser: one run, or its continuation."""

    def __init__(self, recipe: Recipe, material: Material, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.material, self.device = recipe, material, device
        self.network = _out_of_place(MobileNetDescriptor(recipe.gem_p, recipe.whiten)).to(device)
        self.network = self.network.to(memory_format=torch.channels_last)
        self.optimiser = _optimiser(self.network, recipe)
        self.step, self.seen, self.spent_s = 0, 0, 0.0
        self.shown = 0  # views of the last step
        self._bank = None if material.teacher is None else material.teacher.rows.to(device)
        self._start_whitening()
        self._hints = self._start_hints()
        self.averaged = {name: value.clone() for name, value in self.network.state_dict().items()}

    def resume(self, saved: checkpoint.Checkpoint) -> None:
        """Goes on where `saved` was written."""
        self.network.load_state_dict(saved.network)
        self.averaged = {name: value.to(self.device) for name, value in saved.averaged.items()}
        self.optimiser.load_state_dict(saved.optimiser)
        self.step, self.seen, self.spent_s = saved.step, saved.seen, saved.spent_s

    def state(self) -> checkpoint.Checkpoint:
        """The run as it is now."""
        return checkpoint.Checkpoint(
            step=self.step,
            spent_s=self.spent_s,
            seen=self.seen,
            recipe=recipe_table(self.recipe),
            data=self.material.data,
            network=self.network.state_dict(),
            averaged=self.averaged,
            optimiser=self.optimiser.state_dict(),
        )

    def run(
        self, budget_s: float, folder: Path, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Steps until `budget_s` is spent; saves into `folder` now and then, at the end and on Ctrl-C.

        Raises DiskFull, and KeyboardInterrupt once what was learnt is saved.
        """
        try:
            self._spend(budget_s, folder, report, clock)
        except KeyboardInterrupt:
            # A step may be half done; it is not counted, so a resumed run takes it again.
            checkpoint.save(self.state(), folder)
            raise
        report.say(f"trained for {self.step} steps on {self.seen} pictures")
        checkpoint.save(self.state(), folder)

    def _spend(self, budget_s: float, folder: Path, report: Report, clock: Callable[[], float]) -> None:
        saved = clock()
        rate = 0.0
        while self.spent_s < budget_s:
            began = clock()
            parts = self.advance(self.spent_s / budget_s)
            elapsed = max(1e-6, clock() - began)
            self.spent_s += schedule.step_cost(elapsed, self.recipe.step_limit_s)
            now = self.shown / elapsed
            rate = 0.95 * rate + 0.05 * now if rate else now
            note = _note(parts, rate, self.step, budget_s - self.spent_s)
            report.progress("training", self.spent_s, budget_s, note)
            if clock() - saved >= SAVE_EVERY_S:
                checkpoint.save(self.state(), folder)
                saved = clock()

    def advance(self, spent: float) -> dict[str, float]:
        """One step, at the share `spent` of the budget; the losses by name."""
        forced = self._hints is not None and spent < self.recipe.hints.forced
        for group in self.optimiser.param_groups:
            group["lr"] = schedule.learning_rate_at(spent, self.recipe, self._hints is not None)
        side = schedule.side_at(spent, self.recipe.stages)
        rows, views = self._views(side, schedule.strength(spent, self.recipe.ramp), 1 if forced else 2)
        self.network.train()
        parts = self._forced(views) if forced else self._taught(rows, views, spent)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self._average()
        self.step += 1
        self.seen, self.shown = self.seen + len(rows), len(views)
        return {name: float(value.detach()) for name, value in parts.items()}

    def _forced(self, views: Tensor) -> dict[str, Tensor]:
        """Each block alone on the teacher's input."""
        assert self._hints is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            return {"blocks": self._hints.forced(self.network, prepare(views))}

    def _taught(self, rows: Tensor, views: Tensor, spent: float) -> dict[str, Tensor]:
        """The whole network on its own; with hints until they have faded out."""
        weight = schedule.hint_weight(spent, self.recipe.hints)
        parts: dict[str, Tensor] = {}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            if self._hints is not None and weight > 0.0:
                features, error = self._hints.along(self.network, prepare(views))
                parts["blocks"] = weight * error
                described = self.network.describe(features)
            else:
                described = self.network(prepare(views))
        return parts | self._losses(F.normalize(described.float()), rows)

    def _views(self, side: int, strength: float, each: int) -> tuple[Tensor, Tensor]:
        """Numbers of the next pictures, and `each` edited views of each, one set after the other."""
        n = len(self.material.pixels)
        batch = min(self.recipe.batch, n)
        round_number, place = divmod(self.step, n // batch)
        # Negative steps are the rounds' own, so that an order never shares its draws with a batch.
        order = Chance(self.recipe.seed, -1 - round_number).order(n)
        rows = order[place * batch : (place + 1) * batch]
        chosen = self.material.pixels[rows].to(self.device)
        chance = Chance(self.recipe.seed, self.step, self.device)
        options = self.recipe.augment
        return rows, torch.cat([augment(chosen, side, options, strength, chance) for _ in range(each)])

    def _losses(self, described: Tensor, rows: Tensor) -> dict[str, Tensor]:
        weights = self.recipe.losses
        first, second = described.chunk(2)
        parts = {"contrast": weights.contrast * losses.info_nce(first, second, weights.temperature)}
        if self._bank is not None:
            wanted = self._bank[rows].repeat(2, 1)
            found = losses.bank_distillation(described, wanted, self._bank, weights.temperature)
            parts["distill"] = weights.distill * losses.cosine_distillation(described, wanted)
            parts["bank"] = weights.bank * found
        return parts

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the average towards the network; faster at first, so that the start is forgotten."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.averaged[name].lerp_(value, 1.0 - keep)
            else:
                self.averaged[name].copy_(value)

    @torch.no_grad()
    def _start_whitening(self) -> None:
        """Starts the whitening where the teacher's is, if there is one.

        Without a teacher as a rotation of mean-free features: fresh features all point one way.
        """
        whiten = self.network.whiten
        if whiten is None:
            return
        if self.material.teacher is not None:
            weight, bias = self.material.teacher.whitening
        else:
            _, views = self._views(self.recipe.stages[0].side, 0.0, 2)
            pooled = F.normalize(self.network.pool(self.network.features(prepare(views))))
            weight = nn.init.orthogonal_(whiten.weight)
            bias = -whiten.weight @ pooled.mean(dim=0)
        whiten.weight.copy_(weight)
        whiten.bias.copy_(bias)

    def _start_hints(self) -> BlockHints | None:
        teacher = self.material.teacher
        if teacher is None or teacher.network is None or self.recipe.hints.forced <= 0.0:
            return None
        hints = BlockHints(_out_of_place(teacher.network).to(memory_format=torch.channels_last))
        _, views = self._views(self.recipe.stages[0].side, 0.0, 2)
        hints.start(self.network, prepare(views))
        return hints


def _out_of_place(network: MobileNetDescriptor) -> MobileNetDescriptor:
    """Lets ReLU6 write a new map: in place, bfloat16 in channels-last order is copied, 13 % of a step."""
    for module in network.modules():
        if isinstance(module, nn.ReLU6):
            module.inplace = False
    return network


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices and filters only, not on norms, biases or GeM's exponent."""
    matrices = [value for value in network.parameters() if value.ndim > 1]
    others = [value for value in network.parameters() if value.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _note(parts: dict[str, float], rate: float, step: int, left_s: float) -> str:
    values = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
    left = f"{max(0.0, left_s) / 60.0:.0f} min left"
    return f"loss {sum(parts.values()):.3f}  {values}  {rate:.0f} images/s  step {step}  {left}"
