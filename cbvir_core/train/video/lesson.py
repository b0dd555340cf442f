"""The lesson of video similarity: views of one clip are alike, views of different clips are not (S2VS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cbvir_core.train import schedule
from cbvir_core.train.lesson import StepLosses
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.video import losses
from cbvir_core.train.video.network import VideoSimilarityNetwork
from cbvir_core.train.video.order import BLANK, FOREIGN, strong_order, weak_order
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.video.regions import ClipRegions


@dataclass(frozen=True)
class VideoBatches:
    """Batches of views out of described clips; the same step has the same batch in every run."""

    recipe: VideoRecipe
    material: ClipRegions

    def clips(self, draws: RandomDraws) -> list[int]:
        """Draw the clips of a step: no two of one source, so that all are strangers to one another.

        About `recipe.videos` of them are of videos.  There may be fewer than `recipe.batch` where there are
        few sources.
        """
        order = (draws.order(len(self.material.names) - self.material.donors) + self.material.donors).tolist()
        videos = [clip for clip in order if self.material.is_video[clip]]
        slides = [clip for clip in order if not self.material.is_video[clip]]
        chosen: list[int] = []
        self._take(videos, self.recipe.videos if slides else self.recipe.batch, chosen)
        self._take(slides, self.recipe.batch, chosen)
        self._take(videos, self.recipe.batch, chosen)
        return chosen

    def _take(self, clips: list[int], up_to: int, chosen: list[int]) -> None:
        for clip in clips:
            taken = {self.material.sources[one] for one in chosen}
            if len(chosen) < up_to and self.material.sources[clip] not in taken:
                chosen.append(clip)

    def views(self, draws: RandomDraws) -> Tensor:
        """Return a weak view of each clip and then a strong one of each, 2 N x window x 9 x D."""
        weak, strong = [], []
        for clip in self.clips(draws):
            length, count = self.material.lengths[clip], len(self.material.starts[clip])
            order = weak_order(length, self.recipe.window, draws)
            weak.append(self._frames(clip, _drawn(0, self.material.weak, draws), order, draws))
            shown = strong_order(order, length, self.recipe.temporal, draws)
            strong.append(self._frames(clip, _drawn(self.material.weak, count, draws), shown, draws))
        return torch.stack([*weak, *strong])

    def _frames(self, clip: int, view: int, order: Tensor, draws: RandomDraws) -> Tensor:
        """Return frames of a view in this order, with blank and foreign ones: window x 9 x D."""
        rows = torch.from_numpy(np.array(self.material.view(clip, view)))
        frames = rows[order.clamp(min=0)]
        blank = self.material.blank[_drawn(0, len(self.material.blank), draws)]
        donor = _drawn(0, self.material.donors, draws)
        other = torch.from_numpy(np.array(self.material.view(donor, _drawn(0, self.material.weak, draws))))
        start = _drawn(0, len(other), draws)
        foreign = other[(start + torch.arange(len(order))) % len(other)]
        frames = torch.where((order == BLANK)[:, None, None], blank, frames)
        return torch.where((order == FOREIGN)[:, None, None], foreign, frames).float()


class VideoLesson:
    """Attention and comparator from scratch, by the losses of S2VS."""

    def __init__(self, recipe: VideoRecipe, material: ClipRegions) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.material = recipe, material
        self.network = VideoSimilarityNetwork(material.whitening.dim)
        self._batches = VideoBatches(recipe, material)

    def rate(self, spent: float) -> float:
        """Return the learning rate: one cycle."""
        return schedule.learning_rate(spent, self.recipe.learning_rate, self.recipe.warmup)

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Do nothing and return 0: this lesson has no work between steps."""
        return 0

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the losses of the batch of a step."""
        rows = self._batches.views(RandomDraws(self.recipe.seed, step))
        similarities, beyond = self.network(rows)
        shares = losses.as_share(similarities)
        parts = {
            "contrast": losses.contrast(shares, self.recipe.temperature),
            "hardest": self.recipe.hard * losses.hardest_negative(shares),
            "self": self.recipe.hard * losses.self_similarity(shares),
            "beyond": self.recipe.regularisation * beyond,
        }
        return StepLosses(parts, len(rows) // 2, len(rows) * rows.shape[1])

    def state(self) -> dict[str, Tensor]:
        """Return nothing: the weights are all the state."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing: there is no state."""


def _drawn(low: int, high: int, draws: RandomDraws) -> int:
    """Draw a whole number from `low` up to `high`, that one excluded."""
    return min(high - 1, low + int(float(draws.uniform(1)) * (high - low)))
