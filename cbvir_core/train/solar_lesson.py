"""The lesson of the refinement: SOLAR's two losses on hard negatives mined from the whole set."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.train import losses, schedule
from cbvir_core.train.batches import TrainingBatches
from cbvir_core.train.lesson import LessonMaterial, StepLosses, taught_losses, trainable
from cbvir_core.train.mining import MinedNegatives, hard_order, mine
from cbvir_core.train.origins import PictureOrigins
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import FORWARD_BATCH_PICTURES, describe, prepare


class SolarLesson:
    """A network and its hard negatives.

    A batch is made of groups of pictures that the network confuses with each other.  Every row of it is
    an anchor once: its positive is the other view of its picture (or of its scene), its negatives are the
    nearest rows of strangers in the batch.  So no picture is described for one triplet only.

    `pretrained` tells whether the network has learnt before.  Then negatives are mined before the first
    step, otherwise at ``solar.contrast_until`` of the budget.
    """

    def __init__(
        self,
        recipe: TrainingRecipe,
        material: LessonMaterial,
        network: SolarDescriptor,
        device: torch.device,
        pretrained: bool,
    ) -> None:
        self.recipe, self.material, self.device = recipe, material, device
        self.network = trainable(network, device)
        self._batches = TrainingBatches(recipe, material.pixels, device)
        self._averaged = copy.deepcopy(self.network).eval()
        self._origins = PictureOrigins.of(material.names)
        self._mates = self._origins.mates()
        self._bank = None if material.teacher is None else material.teacher.rows.to(device)
        self._pretrained, self._mined_round = pretrained, -1
        self._mined = MinedNegatives.nothing(len(material.pixels))
        self._round: tuple[int, Tensor] | None = None

    def rate(self, spent: float) -> float:
        """Return the learning rate: one cycle over the whole budget."""
        return schedule.learning_rate(spent, self.recipe.learning_rate, self.recipe.warmup)

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Mine hard negatives with the averaged network, every few rounds."""
        round_number, place = self._batches.place(step)
        if self._mined_round < 0:
            due = self._pretrained or spent >= self.recipe.solar.contrast_until
        else:
            due = place == 0 and round_number >= self._mined_round + self.recipe.solar.mine_rounds
        if not due:
            return 0
        self._mine(averaged, report)
        self._mined_round, self._round = round_number, None
        return math.ceil(len(self.material.pixels) / FORWARD_BATCH_PICTURES)

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the losses of the next batch of a round through all pictures."""
        draws = self._batches.draws(step)
        first = self._batch(step)
        second = self._scene_mates(first, draws)
        views = torch.cat([self._batches.views(rows, spent, draws) for rows in (first, second)])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            described = self.network(prepare(views))
        described = F.normalize(described.float())
        return StepLosses(self._losses(described, first, second, spent), len(first), len(views))

    def state(self) -> dict[str, Tensor]:
        """Return the mined negatives and the round in which they were mined."""
        if self._mined_round < 0:
            return {}
        mined_round = torch.tensor(self._mined_round)
        return {"nearest": self._mined.nearest, "duplicates": self._mined.duplicates, "round": mined_round}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over the mined negatives, unless the pictures are others."""
        if not state:
            return
        self._pretrained, self._round = True, None
        if len(state["nearest"]) == len(self.material.pixels):
            self._mined = MinedNegatives(state["nearest"], state["duplicates"])
            self._mined_round = int(state["round"])

    def _losses(self, described: Tensor, first: Tensor, second: Tensor, spent: float) -> dict[str, Tensor]:
        weights, solar = self.recipe.losses, self.recipe.solar
        one, other = described.chunk(2)
        strangers = self._mined.strangers(first, second, self._origins).to(self.device)
        begun = spent >= solar.contrast_until
        parts: dict[str, Tensor] = {}
        contrast = weights.contrast * (solar.contrast_kept if begun else 1.0)
        if contrast > 0.0:
            parts["contrast"] = contrast * losses.info_nce(one, other, weights.temperature, strangers)
        if begun:
            tuples = losses.hardest(one, other, strangers, solar.negatives)
            if solar.triplet > 0.0:
                parts["triplet"] = solar.triplet * losses.triplet(tuples, solar.margin)
            if solar.sos > 0.0:
                parts["sos"] = solar.sos * losses.second_order_similarity(tuples)
        if self._bank is not None:
            wanted = self._bank[torch.cat([first, second])]
            parts |= taught_losses(described, wanted, self._bank, weights)
        return parts

    def _mine(self, averaged: Mapping[str, Tensor], report: TrainingReport) -> None:
        solar, pixels = self.recipe.solar, self.material.pixels
        self._averaged.load_state_dict(averaged)
        rows = describe(self._averaged, pixels, solar.mine_side, self.recipe.bf16, report)
        judge = rows if self.material.teacher is None else self.material.teacher.rows
        self._mined = mine(rows, judge, self._origins, solar.duplicate, solar.candidates)
        found = self._mined.nearest
        hardest = (rows[:, None] * rows[found[:, :1]]).sum(dim=2)[found[:, :1] >= 0]
        pairs = len(self._mined.duplicates) // 2
        report.say(
            f"hard negatives mined: nearest cosine {float(hardest.mean()):.3f}, {pairs} near-duplicates"
        )

    def _batch(self, step: int) -> Tensor:
        round_number, place = self._batches.place(step)
        if self._round is None or self._round[0] != round_number:
            draws = RandomDraws.of_round(self.recipe.seed, round_number)
            size = self.recipe.solar.group
            self._round = (round_number, hard_order(self._mined, self._origins, size, draws))
        return self._batches.cut(self._round[1], place)

    def _scene_mates(self, pictures: Tensor, draws: RandomDraws) -> Tensor:
        """Return each picture itself, or with ``solar.scene_p`` another frame of its scene."""
        happens = draws.happens(len(pictures), self.recipe.solar.scene_p).tolist()
        which = draws.uniform(len(pictures)).tolist()
        mates = [
            self._mates[picture][int(place * len(self._mates[picture]))]
            if wanted and picture in self._mates
            else picture
            for picture, wanted, place in zip(pictures.tolist(), happens, which, strict=True)
        ]
        return torch.tensor(mates, dtype=torch.int64)
