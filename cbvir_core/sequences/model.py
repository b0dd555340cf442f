"""The vector of a clip: standardised features through the LSTM of a weight file.  It needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.sequences.clips import ClipFeatures
from cbvir_core.sequences.lstm import LongShortTermMemory
from cbvir_core.types import Floats
from cbvir_core.weights import read_header

SEQUENCE_ARCHITECTURE = "cnn-lstm"
LSTM_UNITS = 256
"""Width of a clip's vector (Ravi and Nandakumar, table I)."""

MIN_FEATURE_STD = 1e-6
"""Standard deviation below which a feature counts as constant."""


class SequenceModel:
    """Features of the frames of clips to one vector a clip, not normalised.  Thread-safe.

    The file holds ``mean`` and ``std`` of the features (D), and the layer ``lstm.…``.  Its header's details
    name the filter by fingerprint (`filter_fingerprint`), the frames of a clip (`steps`), and, where it was
    trained with labels, the `actions`, and of how many groups one was held out (`held_out_one_in`).
    Raise WeightsMissing, WeightsDamaged, WeightsMismatch.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.header = path, read_header(path)
        if self.header.architecture != SEQUENCE_ARCHITECTURE:
            raise WeightsMismatch(
                f"is of {self.header.architecture}, not of {SEQUENCE_ARCHITECTURE}", path=path
            )
        tensors = _read(path)
        details = self.header.details
        try:
            self.filter_fingerprint = str(details["filter"])
            self.steps = int(details["steps"])
            self.actions = tuple(map(str, details.get("actions", ())))
            self.held_out_one_in = int(details.get("held_out_one_in", 0))
            self._mean, self._std = tensors["mean"], np.maximum(tensors["std"], MIN_FEATURE_STD)
            own = {name.removeprefix("lstm."): one for name, one in tensors.items() if name[:5] == "lstm."}
            self._lstm = LongShortTermMemory(own)
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsDamaged(f"lacks a part of the model: {error}", path=path) from error
        if self._mean.shape != (self._lstm.inputs,) or self._std.shape != self._mean.shape:
            raise WeightsDamaged("has features of another width than its LSTM", path=path)

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self._lstm.units

    @property
    def parameters(self) -> int:
        """Numbers that the LSTM has learnt."""
        return 4 * self.dim * (self._lstm.inputs + self.dim + 2)

    def describe(self, features: Floats) -> Floats:
        """Return the vectors of clips, N x H, of the features of their frames, N x T x D."""
        return self._lstm.last_state(np.asarray((features - self._mean) / self._std, np.float32))

    def describe_clips(self, clips: Iterable[ClipFeatures]) -> Floats:
        """Return the vectors of clips that have the same number of frames, N x H."""
        given = [clip.features for clip in clips]
        return self.describe(np.stack(given)) if given else np.zeros((0, self.dim), np.float32)

    def check_filter(self, fingerprint: str) -> None:
        """Raise WeightsMismatch where the features are of another filter than the model was trained with."""
        if fingerprint != self.filter_fingerprint:
            raise WeightsMismatch(
                f"was trained with the filter {self.filter_fingerprint}, not with {fingerprint}",
                path=self.path,
            )


def sequence_tensors(mean: Floats, std: Floats, lstm: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the tensors of a file that `SequenceModel` reads, in float16."""
    tensors = {"mean": mean, "std": std} | {f"lstm.{name}": value for name, value in lstm.items()}
    return {name: np.ascontiguousarray(value, np.float16) for name, value in tensors.items()}


def _read(path: Path) -> dict[str, Floats]:
    try:
        tensors = safetensors.numpy.load(path.read_bytes())
    except (safetensors.SafetensorError, OSError) as error:
        raise WeightsDamaged(f"is damaged or no weight file ({error})", path=path) from error
    return {name: np.ascontiguousarray(value, np.float32) for name, value in tensors.items()}
