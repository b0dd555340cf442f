"""Perturbed views of a batch of pictures: framing first, then the pixels, as it happens to a frame."""

from __future__ import annotations

from torch import Tensor

from cbvir_core.train import degrade
from cbvir_core.train.framing import reframe
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import Augmentation

_PIXEL_PERTURBATIONS = (
    degrade.caption,
    degrade.logo,
    degrade.colour,
    degrade.screen,
    degrade.blur,
    degrade.downscale,
    degrade.noise,
    degrade.jpeg,
)


def augment(pixels: Tensor, side: int, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Return one perturbed view of each picture: uint8 N x 3 x S x S -> float N x 3 x side x side in [0, 1].

    `strength` in [0, 1] scales how strong the perturbations are.  `side` must be divisible by 8.  The
    same seed of `draws` gives the same views.
    """
    views = reframe(pixels, side, options, strength, draws)
    for perturb in _PIXEL_PERTURBATIONS:
        views = perturb(views, options, strength, draws)
    return views.clamp_(0.0, 1.0)
