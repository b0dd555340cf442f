"""Weak and strong views of a training clip: what S2VS does to its frames, and to their place in a picture."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train.augment import augment
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.video.recipe import InsetAugmentation, VideoRecipe


class ClipDraws(RandomDraws):
    """Random draws that are the same for all frames of a clip; noise alone differs from frame to frame."""

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw once, uniformly from [low, high), and repeat it along the first axis."""
        return super().uniform(1, *shape[1:], low=low, high=high).expand(shape).clone()

    def normal(self, *shape: int) -> Tensor:
        """Draw once for all frames where each has one number; noise is drawn for each frame."""
        return super().normal(1).expand(shape).clone() if len(shape) == 1 else super().normal(*shape)


def weak_view(pixels: Tensor, recipe: VideoRecipe, number: int) -> Tensor:
    """Return a weakly augmented view of uint8 T x 3 x S x S: float, of the same shape, in [0, 1].

    `number` seeds it.
    """
    return augment(pixels, pixels.shape[-1], recipe.weak, 1.0, ClipDraws(recipe.seed, number))


def strong_view(pixels: Tensor, donor: Tensor, recipe: VideoRecipe, number: int) -> Tensor:
    """Return a strongly augmented view, as `weak_view`; `donor` is another clip, which may show in it."""
    draws = ClipDraws(recipe.seed, number)
    mixed = inset(pixels, donor, recipe.inset, draws)
    return augment(mixed, mixed.shape[-1], recipe.strong, 1.0, draws)


def inset(pixels: Tensor, donor: Tensor, options: InsetAugmentation, draws: RandomDraws) -> Tensor:
    """Return a clip that is laid over a donor, or the donor over it, or the clip alone, by chance.

    A shorter donor begins again; uint8 T x 3 x S x S.
    """
    mixes, clip_is_small = float(draws.uniform(1)) < options.share, float(draws.uniform(1)) < 0.5
    if not mixes:
        return pixels
    other = donor[torch.arange(len(pixels)) % len(donor)]
    small, large = (pixels, other) if clip_is_small else (other, pixels)
    # A donor that covers most of the clip would leave nothing to recognise.
    largest = options.largest if clip_is_small else min(options.largest, 0.6)
    side = pixels.shape[-1]
    size = max(8, round(side * float(draws.uniform(1, low=options.smallest, high=largest))))
    left, top = (int(float(draws.uniform(1)) * (side - size + 1)) for _ in range(2))
    shrunk = F.interpolate(small.float(), size=(size, size), mode="area").round().byte()
    mixed = large.clone()
    mixed[:, :, top : top + size, left : left + size] = shrunk
    return mixed
