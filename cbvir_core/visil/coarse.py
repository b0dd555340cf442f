"""One vector a video: the coarse student of DnS (Kordopatis-Zilos et al., IJCV 2022, section 3.3).

Attended regions are added up in each frame; one transformer layer lets the frames see one another; NetVLAD
(Arandjelovic et al., CVPR 2016) gathers them around learnt centres, and a linear layer reduces that.  Its
reduction is most of the published network's 37 million numbers; here centres and widths are small.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cbvir_core.types import Floats
from cbvir_core.visil.regions import attended

HEADS = 8
"""Heads of the attention between frames."""

NORM_EPSILON = 1e-5


class CoarseStudent:
    """The coarse student in numpy, from its tensors by name; they stay as they are."""

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        self._tensors = {name: np.asarray(value, np.float32) for name, value in tensors.items()}

    @property
    def dim(self) -> int:
        """Width of the vector of a video."""
        return len(self._tensors["reduction.bias"])

    def __call__(self, rows: Floats) -> Floats:
        """Return the unit vector of a video, D', of its whitened regions before attention, N x 9 x D."""
        frames = attended(rows, self._tensors["context"]).sum(axis=1)
        frames = self._norm("norm0", frames)
        frames = self._norm("norm1", frames + self._attention(frames))
        hidden = np.maximum(self._linear("hidden", frames), 0.0)
        frames = self._norm("norm2", frames + self._linear("shown", hidden))
        return _unit(self._linear("reduction", self._gathered(frames).ravel()))

    def _attention(self, frames: Floats) -> Floats:
        """Return what each frame takes from the others, N x D."""
        count, width = frames.shape
        query, key, value = (
            part.reshape(count, HEADS, width // HEADS).transpose(1, 0, 2)
            for part in np.split(self._linear("attention", frames), 3, axis=1)
        )
        weights = _softmax(query @ key.transpose(0, 2, 1) * (width // HEADS) ** -0.5)
        mixed = (weights @ value).transpose(1, 0, 2).reshape(count, width)
        return self._linear("mixed", mixed)

    def _gathered(self, frames: Floats) -> Floats:
        """Return the mean residual of the frames at each centre, K x D, normalised (NetVLAD)."""
        centres = self._tensors["centres"]
        shares = _softmax(self._linear("assignment", frames))
        residuals = (shares.T @ frames - shares.sum(axis=0)[:, None] * centres) / len(frames)
        return _unit(residuals)

    def _linear(self, name: str, values: Floats) -> Floats:
        return np.asarray(values @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"])

    def _norm(self, name: str, values: Floats) -> Floats:
        """Return layer-normalised rows."""
        centred = values - values.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + NORM_EPSILON)
        return np.asarray(scaled * self._tensors[f"{name}.weight"] + self._tensors[f"{name}.bias"])


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def _unit(values: Floats) -> Floats:
    norms = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.maximum(norms, 1e-9), np.float32)
