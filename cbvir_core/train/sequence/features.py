"""The filter's features of training clips: of the frames as they are, and of perturbed or cropped ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cbvir_core.errors import ConfigError
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.train.augment import augment
from cbvir_core.train.sequence.recipe import SequenceRecipe
from cbvir_core.train.tensors import prepare, resized
from cbvir_core.train.video.views import ClipDraws

FEATURE_BATCH_FRAMES = 16
"""Frames that the filter describes together."""


def side_of(encoder: FeatureEncoder) -> int:
    """Return the side of the encoder's input.  Raise ConfigError where it is not one fixed square."""
    height, width = encoder.preprocess.height, encoder.preprocess.width
    if height is None or height != width or height % 8:
        raise ConfigError("the filter does not read pictures as squares of one size, as trained weights do")
    return height


def perturbed_features(
    pixels: Tensor, encoder: FeatureEncoder, recipe: SequenceRecipe, number: int
) -> Tensor:
    """Return `recipe.variants` descriptions of a clip, V x T x D float16, of uint8 T x 3 x S x S.

    The first is of the frames as they are.  In each of the others all frames are perturbed alike, as those of
    a copy are; `number` seeds them.
    """
    side = side_of(encoder)
    views = [resized(pixels, side)]
    for variant in range(1, recipe.variants):
        draws = ClipDraws(recipe.seed, number * recipe.variants + variant)
        views.append(augment(pixels, side, recipe.augment, 1.0, draws))
    return torch.stack([_described(view, encoder) for view in views])


def cropped_features(pixels: Tensor, encoder: FeatureEncoder, crop: float) -> Tensor:
    """Return two descriptions of a clip, 2 x T x D float16: of whole frames, and of their centres."""
    side, kept = pixels.shape[-1], max(1, round(pixels.shape[-1] * crop))
    corner = (side - kept) // 2
    centre = pixels[:, :, corner : corner + kept, corner : corner + kept]
    wanted = side_of(encoder)
    return torch.stack([_described(resized(part, wanted), encoder) for part in (pixels, centre)])


def _described(views: Tensor, encoder: FeatureEncoder) -> Tensor:
    rows = [
        encoder.run(np.ascontiguousarray(prepare(part).numpy()))
        for part in torch.split(views, FEATURE_BATCH_FRAMES)
    ]
    return torch.from_numpy(np.concatenate(rows)).half()


def moments(clips: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each feature over clips, V x T x D each, as float32 D."""
    count = sum(clip.shape[0] * clip.shape[1] for clip in clips)
    total = torch.stack([clip.double().sum(dim=(0, 1)) for clip in clips]).sum(dim=0)
    squares = torch.stack([clip.double().square().sum(dim=(0, 1)) for clip in clips]).sum(dim=0)
    mean = total / count
    return mean.float(), (squares / count - mean.square()).clamp(min=0.0).sqrt().float()
