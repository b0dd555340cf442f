"""What 2D CNN + LSTM and the 3D CNN cost: numbers that are learnt, bytes, and seconds for one clip.

Importing this module imports torch and OpenVINO.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cbvir_core.embed.openvino_runtime import compile_network
from cbvir_core.sequences.c3d import C3D, C3D_INPUT, blank_clip
from cbvir_core.sequences.feature_network import count_parameters, load_features
from cbvir_core.sequences.lstm import LongShortTermMemory
from cbvir_core.sequences.model import LSTM_UNITS

FLOAT32_BYTES = 4
TIMED_RUNS = 5
"""Runs of which the median is taken, after one that is not timed."""


@dataclass(frozen=True, slots=True)
class ModelCost:
    """One model: the numbers it has learnt, its bytes in float32, and the seconds that one clip takes."""

    model: str
    parameters: int
    size_bytes: int
    clip_s: float


def model_costs(
    weights: Path, *, threads: int = 1, clock: Callable[[], float] = time.perf_counter
) -> list[ModelCost]:
    """Return the cost of both models for a clip of 16 x 224 x 224 x 3 on the CPU (table III).

    Both run through OpenVINO in float32 with as many `threads`, apart from the LSTM, which runs in numpy.
    Times do not depend on what the weights are, so those of the 3D CNN and of the LSTM are random; the 2D CNN
    is the filter in `weights`.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch.
    """
    frames, height, width = C3D_INPUT
    features = load_features(weights)
    flat = _compiled(features, np.zeros((frames, 3, height, width), np.float32), threads)
    dim = int(flat(np.zeros((frames, 3, height, width), np.float32)).shape[-1])
    lstm = _random_lstm(dim)
    pictures = np.zeros((frames, 3, height, width), np.float32)
    sequence_s = _seconds(lambda: lstm.last_state(flat(pictures)[None]), clock)
    learnt = count_parameters(features) + 4 * LSTM_UNITS * (dim + LSTM_UNITS + 2)

    volume = C3D().eval()
    clip = blank_clip().numpy()
    solid = _compiled(volume, clip, threads)
    volume_s = _seconds(lambda: solid(clip), clock)
    counted = count_parameters(volume)
    return [
        ModelCost("2D CNN + LSTM", learnt, learnt * FLOAT32_BYTES, sequence_s),
        ModelCost("3D CNN", counted, counted * FLOAT32_BYTES, volume_s),
    ]


def _compiled(network: Any, example: Any, threads: int) -> Callable[[Any], Any]:
    """Return a function that runs a torch network through OpenVINO in float32."""
    import openvino  # after `openvino_runtime`, which keeps it from reporting to its makers
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO reads torch by tracing, whose deprecation it must mend
        model = openvino.convert_model(
            network, example_input=torch.from_numpy(example), input=list(example.shape)
        )
    request = compile_network(model, "f32", threads).create_infer_request()
    return lambda batch: request.infer([batch], share_inputs=True)[0]


def _random_lstm(dim: int) -> LongShortTermMemory:
    rng, rows = np.random.default_rng(0), 4 * LSTM_UNITS
    shapes = {"weight_ih_l0": (rows, dim), "weight_hh_l0": (rows, LSTM_UNITS)}
    shapes |= {"bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}  # type: ignore[dict-item]
    return LongShortTermMemory(
        {name: rng.normal(scale=0.05, size=shape).astype(np.float32) for name, shape in shapes.items()}
    )


def _seconds(run: Callable[[], object], clock: Callable[[], float]) -> float:
    run()
    taken = []
    for _ in range(TIMED_RUNS):
        begun = clock()
        run()
        taken.append(clock() - begun)
    return median(taken)
