"""Which pairs of videos deserve the fine comparison: the selector of DnS (IJCV 2022, section 3.4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cbvir_core.align import frame_similarities
from cbvir_core.types import Floats

SELECTOR_WIDTHS = (3, 100, 100, 1)
"""Numbers in and behind each layer."""

LEAST_COARSE = 1e-3
"""Coarse similarities below this count as this."""


class Selector:
    """A network of three layers with ReLU, from its tensors by name (``layer1.weight``).

    It says how probably the coarse similarity of a pair is wrong by much, from the self-similarities of both
    videos and their coarse similarity.  The order of the two videos makes no difference.

    `as_fine` brings the coarse similarity to the scale of the fine one, so that pairs of both kinds can stand
    in one ranking.  The papers mix the two as they are; here the coarse one says .9 where the fine one says
    .6, and a pair that is compared finely fell behind all that were not.
    """

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        self._layers = [
            (np.asarray(tensors[f"layer{number}.weight"]), np.asarray(tensors[f"layer{number}.bias"]))
            for number in range(1, len(SELECTOR_WIDTHS))
        ]

        self._gain, self._power = (np.asarray(tensors[name]).item() for name in ("gain", "power"))

    def as_fine(self, coarse: Floats) -> Floats:
        """Return which fine similarity to expect of pairs with these coarse ones, both in [0, 1]."""
        return np.asarray(self._gain * np.clip(coarse, LEAST_COARSE, 1.0) ** self._power, np.float32)

    def __call__(self, first: Floats, second: Floats, coarse: Floats) -> Floats:
        """Return a probability for each of P pairs; all three arguments have P numbers."""
        values = np.stack([np.maximum(first, second), np.minimum(first, second), coarse], axis=-1)
        for number, (weight, bias) in enumerate(self._layers):
            values = values @ weight.T + bias
            if number < len(self._layers) - 1:
                values = np.maximum(values, 0.0)
        return np.asarray(1.0 / (1.0 + np.exp(-values[..., 0])), np.float32)


def self_similarity_of(rows: Floats) -> float:
    """Return how much the frames of a video resemble one another: the mean of all their similarities.

    `rows` are attended regions, N x 9 x D.  A still picture has the most, a film of many shots little.
    """
    return float(frame_similarities(rows, rows).mean())


def selected(probabilities: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Return which pairs are compared finely: this share of them, rounded, the most probable ones."""
    flat = probabilities.ravel()
    chosen = np.zeros(len(flat), np.bool_)
    chosen[np.argsort(-flat, kind="stable")[: round(share * len(flat))]] = True
    return chosen.reshape(probabilities.shape)
