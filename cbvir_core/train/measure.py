"""Recall of pictures by perturbed copies of them, on pictures that were kept back from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from cbvir_core.train.augment import augment
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import Augmentation

DescribePictures = Callable[[Tensor], Tensor]
"""Return unit rows of uint8 pictures N x 3 x S x S."""

MEASURE_QUERY_SIDE = 224
MEASURE_QUERY_SEED = 20_011

_NO_PERTURBATION = Augmentation(
    **{item.name: 0.0 for item in fields(Augmentation) if item.name.endswith("_p")},
    stretch=0.0,
)
ALL_PERTURBATIONS = "everything"
PERTURBATION_KINDS: Mapping[str, Augmentation] = {
    "crop": replace(_NO_PERTURBATION, crop_p=1.0),
    "page": replace(_NO_PERTURBATION, page_p=1.0),
    "bars": replace(_NO_PERTURBATION, bars_p=1.0),
    "mirror": replace(_NO_PERTURBATION, mirror_p=1.0),
    "rotation": replace(_NO_PERTURBATION, rotate_p=1.0),
    "perspective": replace(_NO_PERTURBATION, perspective_p=1.0),
    "tone": replace(_NO_PERTURBATION, tone_p=1.0, tint_p=1.0, saturation_p=1.0),
    "grey": replace(_NO_PERTURBATION, grey_p=1.0),
    "blur": replace(_NO_PERTURBATION, blur_p=1.0),
    "downscale": replace(_NO_PERTURBATION, downscale_p=1.0),
    "jpeg": replace(_NO_PERTURBATION, jpeg_p=1.0),
    "noise": replace(_NO_PERTURBATION, noise_p=1.0),
    "caption": replace(_NO_PERTURBATION, caption_p=1.0),
    "logo": replace(_NO_PERTURBATION, logo_p=1.0),
    "screen": replace(_NO_PERTURBATION, screen_p=1.0, glare_p=1.0, perspective_p=1.0),
    ALL_PERTURBATIONS: Augmentation(),
}


@dataclass(frozen=True)
class RecallFigures:
    """Shares of perturbed queries in [0, 1].

    `first`: the right picture comes first.  `sure`: besides, its cosine is above a threshold that only
    1 % of the queries reach with a picture that is not theirs, so that 1 % of answers would be false.
    """

    first: float
    sure: float


def perturbed(pixels: Tensor, options: Augmentation, batch: int = 256) -> Tensor:
    """Return one perturbed query for each picture, uint8 at `MEASURE_QUERY_SIDE`, always the same."""
    views = [
        augment(part, MEASURE_QUERY_SIDE, options, 1.0, RandomDraws(MEASURE_QUERY_SEED, number))
        .mul_(255.0)
        .round_()
        .byte()
        for number, part in enumerate(torch.split(pixels, batch))
    ]
    return torch.cat(views)


def figures(corpus: Tensor, queries: Tensor, answers: Tensor) -> RecallFigures:
    """Return the recall of unit rows; query i is a perturbed copy of corpus row ``answers[i]``."""
    scores = queries @ corpus.T
    own = scores.gather(1, answers[:, None])[:, 0]
    wrong = scores.scatter(1, answers[:, None], -2.0).amax(dim=1)
    right = own > wrong
    sure = right & (own > torch.quantile(wrong, 0.99))
    return RecallFigures(float(right.float().mean()), float(sure.float().mean()))


def compare(
    networks: Mapping[str, DescribePictures], pixels: Tensor, each: int
) -> dict[str, dict[str, RecallFigures]]:
    """Return the recall by kind of perturbation and by network, of `each` queries against all `pixels`."""
    corpora = {name: describe(pixels) for name, describe in networks.items()}
    table: dict[str, dict[str, RecallFigures]] = {}
    for kind, options in PERTURBATION_KINDS.items():
        queries = perturbed(pixels[:each], options)
        answers = torch.arange(len(queries))
        table[kind] = {
            name: figures(corpora[name], describe(queries), answers) for name, describe in networks.items()
        }
    return table
