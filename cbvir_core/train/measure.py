"""How well a network finds a picture by an edited copy of it, on pictures kept back from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from cbvir_core.train.augment import augment
from cbvir_core.train.chance import Chance
from cbvir_core.train.recipe import Augmentation

Describe = Callable[[Tensor], Tensor]
"""Uint8 pictures N x 3 x S x S to unit rows."""

QUERY_SIDE = 224
QUERY_SEED = 20_011

_PLAIN = Augmentation(
    **{item.name: 0.0 for item in fields(Augmentation) if item.name.endswith("_p")},
    stretch=0.0,
)
EVERYTHING = "everything"
KINDS: Mapping[str, Augmentation] = {
    "crop": replace(_PLAIN, crop_p=1.0),
    "page": replace(_PLAIN, page_p=1.0),
    "bars": replace(_PLAIN, bars_p=1.0),
    "mirror": replace(_PLAIN, mirror_p=1.0),
    "rotation": replace(_PLAIN, rotate_p=1.0),
    "perspective": replace(_PLAIN, perspective_p=1.0),
    "tone": replace(_PLAIN, tone_p=1.0, tint_p=1.0, saturation_p=1.0),
    "grey": replace(_PLAIN, grey_p=1.0),
    "blur": replace(_PLAIN, blur_p=1.0),
    "downscale": replace(_PLAIN, downscale_p=1.0),
    "jpeg": replace(_PLAIN, jpeg_p=1.0),
    "noise": replace(_PLAIN, noise_p=1.0),
    "caption": replace(_PLAIN, caption_p=1.0),
    "logo": replace(_PLAIN, logo_p=1.0),
    "screen": replace(_PLAIN, screen_p=1.0, glare_p=1.0, perspective_p=1.0),
    EVERYTHING: Augmentation(),
}


@dataclass(frozen=True)
class Figures:
    """Shares of edited queries in [0, 1].

    `first`: the right picture comes first.  `sure`: it comes first and closer than all but 1 % of
    the queries come to any picture that is not theirs, so that 1 % of answers would be false.
    """

    first: float
    sure: float


def edited(pixels: Tensor, options: Augmentation, batch: int = 256) -> Tensor:
    """One edited query for each picture, uint8 at `QUERY_SIDE`; always the same ones."""
    views = [
        augment(part, QUERY_SIDE, options, 1.0, Chance(QUERY_SEED, number)).mul_(255.0).round_().byte()
        for number, part in enumerate(torch.split(pixels, batch))
    ]
    return torch.cat(views)


def figures(corpus: Tensor, queries: Tensor, answers: Tensor) -> Figures:
    """Of unit rows: query i is an edited copy of corpus row ``answers[i]``."""
    scores = queries @ corpus.T
    own = scores.gather(1, answers[:, None])[:, 0]
    wrong = scores.scatter(1, answers[:, None], -2.0).amax(dim=1)
    right = own > wrong
    sure = right & (own > torch.quantile(wrong, 0.99))
    return Figures(float(right.float().mean()), float(sure.float().mean()))


def compare(networks: Mapping[str, Describe], pixels: Tensor, each: int) -> dict[str, dict[str, Figures]]:
    """By kind of edit and network: `each` queries of every kind against all `pixels`."""
    corpora = {name: describe(pixels) for name, describe in networks.items()}
    table: dict[str, dict[str, Figures]] = {}
    for kind, options in KINDS.items():
        queries = edited(pixels[:each], options)
        answers = torch.arange(len(queries))
        table[kind] = {
            name: figures(corpora[name], describe(queries), answers) for name, describe in networks.items()
        }
    return table
