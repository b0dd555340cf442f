"""The lessons of 2D CNN + LSTM: contrast of clips of one stretch, or classes of labelled clips."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train import losses, schedule
from cbvir_core.train.lesson import StepLosses
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.sequence.material import LearntClip, SequenceMaterial
from cbvir_core.train.sequence.network import SequenceNetwork, drawn_positions
from cbvir_core.train.sequence.recipe import SequenceRecipe


class SequenceLesson:
    """A network and its losses at each step of a run.

    With labels the loss is the cross entropy of the classes (section IV-C).  Each frame of a clip is drawn
    from its part of the frames that were described ("random sampling"), of whole frames or of their centres.

    Without labels it is InfoNCE: of each stretch two clips are drawn, which cover different parts of it at
    different speeds, and are perturbed differently.  Each must find the other among those of all stretches of
    other sources.
    """

    def __init__(self, recipe: SequenceRecipe, material: SequenceMaterial) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.material = recipe, material
        dim, actions = len(material.mean), len(material.actions)
        self.network = SequenceNetwork(dim, recipe.units, actions, recipe.dropout)
        self._size = min(recipe.batch, len(material.learnt))
        sources: dict[str, int] = {}
        self._sources = torch.tensor([sources.setdefault(c.source, len(sources)) for c in material.learnt])

    def rate(self, spent: float) -> float:
        """Return the learning rate of one cycle."""
        return schedule.learning_rate(spent, self.recipe.learning_rate, self.recipe.warmup)

    def prepare(self, step: int, spent: float, averaged: Mapping[str, Tensor], report: TrainingReport) -> int:
        """Do nothing and return 0: this lesson has no work between steps."""
        return 0

    def take(self, step: int, spent: float) -> StepLosses:
        """Return the loss of the next batch of a round through all clips."""
        each = len(self.material.learnt) // self._size
        order = RandomDraws.of_round(self.recipe.seed, step // each).order(len(self.material.learnt))
        rows = order[(step % each) * self._size : (step % each + 1) * self._size]
        draws = RandomDraws(self.recipe.seed, step)
        if self.material.actions:
            return StepLosses({"classes": self._classes(rows, draws)}, len(rows), len(rows))
        return StepLosses({"contrast": self._contrast(rows, draws)}, len(rows), 2 * len(rows))

    def state(self) -> dict[str, Tensor]:
        """Return nothing: the weights are all the state."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Do nothing: there is no state."""

    def accuracy(self) -> float | None:
        """Return the share of clips kept back whose class is right, with the weights as they are now."""
        if not self.material.kept:
            return None
        self.network.eval()
        clips = torch.stack([self._even(clip) for clip in self.material.kept])
        wanted = torch.tensor([clip.action for clip in self.material.kept])
        with torch.no_grad():
            found = self.network.classify(clips).argmax(dim=1)
        return float((found == wanted).float().mean())

    def _classes(self, rows: Tensor, draws: RandomDraws) -> Tensor:
        clips = [self.material.learnt[int(row)] for row in rows]
        wanted = torch.tensor([clip.action for clip in clips])
        given = torch.stack([self._drawn_frames(clip, draws) for clip in clips])
        return F.cross_entropy(self.network.classify(given), wanted)

    def _contrast(self, rows: Tensor, draws: RandomDraws) -> Tensor:
        pairs = [self._pair(self.material.learnt[int(row)], draws) for row in rows]
        both = torch.stack([first for first, _ in pairs] + [second for _, second in pairs])
        first, second = F.normalize(self.network(both)).chunk(2)
        sources = self._sources[rows]
        strangers = sources[:, None] != sources[None, :]
        return losses.info_nce(first, second, self.recipe.temperature, strangers)

    def _pair(self, clip: LearntClip, draws: RandomDraws) -> tuple[Tensor, Tensor]:
        variants = draws.order(len(clip.features))[:2].tolist()
        found = []
        for variant in (variants[0], variants[-1]):
            share = float(draws.uniform(1, low=self.recipe.share_min, high=1.0))
            start = float(draws.uniform(1)) * (1.0 - share)
            places = drawn_positions(clip.features.shape[1], self.recipe.steps, start, share)
            found.append(self._standardised(clip.features[variant, places]))
        return found[0], found[1]

    def _drawn_frames(self, clip: LearntClip, draws: RandomDraws) -> Tensor:
        variants, length, _ = clip.features.shape
        variant = int(float(draws.uniform(1)) * variants)
        places = (torch.arange(self.recipe.steps) + draws.uniform(self.recipe.steps)) / self.recipe.steps
        return self._standardised(clip.features[variant, (places * length).long().clamp(max=length - 1)])

    def _even(self, clip: LearntClip) -> Tensor:
        """Return the clip as it is described later: whole frames, evenly spread."""
        places = drawn_positions(clip.features.shape[1], self.recipe.steps, 0.0, 1.0)
        return self._standardised(clip.features[0, places])

    def _standardised(self, features: Tensor) -> Tensor:
        return (features.float() - self.material.mean) / self.material.std.clamp(min=1e-6)
