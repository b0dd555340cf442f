"""The LSTM in numpy against torch, and the weight file that a model is read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.errors import WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.sequences import LongShortTermMemory, SequenceModel, sequence_tensors
from cbvir_core.sequences.clips import ClipFeatures
from cbvir_core.sequences.lstm import LSTM_PARTS
from cbvir_core.types import Floats
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights

DIM, UNITS = 6, 4
DETAILS: dict[str, object] = {
    "filter": "f" * 32,
    "steps": 3,
    "actions": ["run", "walk"],
    "held_out_one_in": 10,
}


def layer(dim: int, units: int, seed: int = 0) -> torch.nn.LSTM:
    torch.manual_seed(seed)
    return torch.nn.LSTM(dim, units, batch_first=True)


def tensors_of(lstm: torch.nn.LSTM) -> dict[str, Floats]:
    state = lstm.state_dict()
    return {name: np.asarray(state[name].numpy(), np.float32) for name in LSTM_PARTS}


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 20), st.integers(1, 7), st.integers(1, 6), st.integers(0, 99))
def test_the_last_state_is_that_of_torch(count: int, steps: int, dim: int, units: int, seed: int) -> None:
    lstm = layer(dim, units, seed)
    given_rows = 3 * np.random.default_rng(seed).normal(size=(count, steps, dim)).astype(np.float32)
    with torch.no_grad():
        _, (hidden, _) = lstm(torch.from_numpy(given_rows))
    ours = LongShortTermMemory(tensors_of(lstm)).last_state(given_rows)
    np.testing.assert_allclose(ours, hidden[0].numpy(), atol=2e-6)


def test_extreme_features_do_not_overflow() -> None:
    huge = np.full((1, 5, DIM), 1e6, np.float32)
    with np.errstate(all="raise"):
        state = LongShortTermMemory(tensors_of(layer(DIM, UNITS))).last_state(huge)
    assert np.isfinite(state).all()
    assert LongShortTermMemory(tensors_of(layer(DIM, UNITS))).last_state(huge[:, :0]).tolist() == [[0.0] * 4]


def test_tensors_that_do_not_fit_together_are_refused() -> None:
    good = tensors_of(layer(DIM, UNITS))
    with pytest.raises(ValueError, match="lacks bias_hh_l0"):
        LongShortTermMemory({name: value for name, value in good.items() if name != "bias_hh_l0"})
    with pytest.raises(ValueError, match="do not fit"):
        LongShortTermMemory(good | {"weight_hh_l0": np.zeros((16, 5), np.float32)})


def written(
    folder: Path,
    details: dict[str, object] = DETAILS,
    architecture: str = "cnn-lstm",
    **changed: npt.NDArray[Any],
) -> Path:
    mean, std = np.arange(DIM, dtype=np.float32), np.full(DIM, 2.0, np.float32)
    tensors: dict[str, npt.NDArray[Any]] = {**sequence_tensors(mean, std, tensors_of(layer(DIM, UNITS)))}
    tensors |= {name.replace("lstm_bias", "lstm.bias_hh_l0"): value for name, value in changed.items()}
    path = folder / "sequence.safetensors"
    write_weights(path, tensors, WeightsHeader(architecture, "made", Preprocess(96, 96), details))
    return path


def test_a_model_standardises_and_runs_the_layer(tmp_path: Path) -> None:
    model = SequenceModel(written(tmp_path))
    assert (model.dim, model.steps, model.actions, model.held_out_one_in) == (UNITS, 3, ("run", "walk"), 10)
    features = np.random.default_rng(1).normal(size=(2, 3, DIM)).astype(np.float32)
    half = {
        name: value.astype(np.float16).astype(np.float32)
        for name, value in tensors_of(layer(DIM, UNITS)).items()
    }
    expected = LongShortTermMemory(half).last_state((features - np.arange(DIM)) / np.float32(2))
    np.testing.assert_allclose(model.describe(features), expected, atol=1e-6)
    clips = [ClipFeatures((0.0, 1.0), one) for one in features]
    np.testing.assert_allclose(model.describe_clips(clips), expected, atol=1e-6)
    assert model.describe_clips([]).shape == (0, UNITS)
    assert model.parameters == sum(value.numel() for value in layer(DIM, UNITS).parameters())
    model.check_filter("f" * 32)
    with pytest.raises(WeightsMismatch, match="was trained with the filter"):
        model.check_filter("0" * 32)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        SequenceModel(tmp_path / "gone.safetensors")
    with pytest.raises(WeightsMismatch, match="is of mobilenet_v2"):
        SequenceModel(written(tmp_path, architecture="mobilenet_v2"))
    with pytest.raises(WeightsDamaged, match="lacks a part"):
        SequenceModel(written(tmp_path, {"steps": 3}))
    with pytest.raises(WeightsDamaged, match="another width"):
        SequenceModel(written(tmp_path, mean=np.zeros(DIM + 1, np.float16)))
    with pytest.raises(WeightsDamaged, match="lacks a part"):
        SequenceModel(written(tmp_path, lstm_bias=np.zeros(3, np.float16)))
