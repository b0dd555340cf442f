"""Networks built for OpenVINO from their weight files, without torch: what all of them share.

The same layers as in `cbvir_core.embed.networks`, as operations of OpenVINO.  Batch norms are folded into the
convolutions before them.  Importing this module imports OpenVINO.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import openvino
from openvino import opset13 as ops

from cbvir_core.embed.shapes import GEM_EPS, VIEW_WINDOWS
from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Floats
from cbvir_core.weights import find_architecture, read_arrays

Node = Any
"""An operation of a graph, or one of its outputs; OpenVINO's package says nothing of its types."""

BATCH_NORM_EPS = 1e-5
NORM_EPS = 1e-24
"""Square of the norm below which rows are not made longer, as in torch's ``normalize``."""

_COUNTER = ".num_batches_tracked"  # only training needs it
UNIT_STEPS = [1, 1]


class Tensors:
    """The tensors of a weight file; each is taken once.

    Raises WeightsMismatch for one that is missing or has another shape, and at the end for one that is left.
    """

    def __init__(self, arrays: Mapping[str, Floats], network: str) -> None:
        self._left, self._network = dict(arrays), network

    def has(self, name: str) -> bool:
        """Return whether a tensor is there and was not taken."""
        return name in self._left

    def take(self, name: str, *shape: int) -> Floats:
        """Return a tensor; 0 in `shape` stands for any number."""
        if name not in self._left:
            raise self._mismatch(name, "is missing")
        value = self._left.pop(name)
        if len(value.shape) != len(shape) or any(
            want not in (0, have) for want, have in zip(shape, value.shape, strict=True)
        ):
            raise self._mismatch(name, "has another shape")
        return value

    def default(self, name: str, value: Floats) -> None:
        """Let a tensor that may be missing be there, in the shape of `value`."""
        self._left[name] = self._left.get(name, value).reshape(value.shape)

    def drop(self, beginning: str) -> None:
        """Leave out tensors whose names begin so."""
        self._left = {name: value for name, value in self._left.items() if not name.startswith(beginning)}

    def end(self) -> None:
        """Raise WeightsMismatch where a tensor is left that no layer has."""
        left = sorted(name for name in self._left if not name.endswith(_COUNTER))
        if left:
            raise self._mismatch(left[0], "does not belong")

    def _mismatch(self, name: str, fault: str) -> WeightsMismatch:
        return WeightsMismatch(f"these are not the weights of {self._network}: {name} {fault}")


class GraphModule(Protocol):
    """What the module of an architecture defines that builds it for OpenVINO."""

    def features(self, pictures: Node, tensors: Tensors, architecture: str, /) -> tuple[Node, int]:
        """Return the last feature map of pictures, and its channels.  Raise WeightsMismatch."""


def build_graph(weights: Path, *, views: bool = False) -> Any | None:
    """Return the network of a weight file as an OpenVINO model for any batch size and any picture size.

    With `views` it gives the rows of all views (`ViewNetwork`).  None for an architecture that only torch
    builds.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch.
    """
    header, arrays = read_arrays(weights)
    architecture = find_architecture(header.architecture)
    if architecture.graph is None:
        return None
    tensors = Tensors(arrays, header.architecture)
    try:
        return _model(
            cast(GraphModule, import_module(architecture.graph)), tensors, header.architecture, views
        )
    except WeightsMismatch as error:
        raise error.about(weights) from error


def _model(module: GraphModule, tensors: Tensors, architecture: str, views: bool) -> Any:
    pictures = ops.parameter([-1, 3, -1, -1], np.float32)
    features, channels = module.features(pictures, tensors, architecture)
    p = float(tensors.take("pool.p", 1)[0])
    whiten = None
    if tensors.has("whiten.weight"):
        matrix = tensors.take("whiten.weight", 0, channels)
        whiten = matrix, tensors.take("whiten.bias", len(matrix))
    tensors.end()
    powered = ops.power(ops.clamp(features, GEM_EPS, float(np.finfo(np.float32).max)), np.float32(p))
    rows = _described(ops.reduce_mean(powered, [2, 3]), p, whiten)
    if views:
        whole = ops.unsqueeze(rows, 1)
        parts = [_described(_windows(powered, side, step), p, whiten) for side, step in VIEW_WINDOWS]
        rows = ops.concat([whole, *parts], 1)
    return openvino.Model([rows], [pictures], "network")


def _described(means: Node, p: float, whiten: tuple[Floats, Floats] | None) -> Node:
    """Return unit rows of means of powers, ... x C."""
    pooled = _unit(ops.power(means, np.float32(1.0 / p)))
    if whiten is None:
        return pooled
    matrix, bias = whiten
    return _unit(ops.add(ops.matmul(pooled, matrix, False, True), bias))


def _windows(powered: Node, side: int, step: int) -> Node:
    """Return the means of the windows of a map, N x (windows) x C."""
    means = ops.avg_pool(powered, [step, step], [0, 0], [0, 0], [side, side], True)
    return ops.transpose(ops.reshape(means, [0, 0, -1], True), [0, 2, 1])


def _unit(rows: Node) -> Node:
    return ops.normalize_l2(rows, [-1], NORM_EPS, "max")


# ---------------------------------------------------------------- layers


def convolution(
    features: Node,
    tensors: Tensors,
    name: str,
    shape: tuple[int, int, int],
    *,
    bias: bool = False,
    norm: str | None = None,
    step: int = 1,
    groups: int = 1,
) -> Node:
    """Return a convolution of `shape`: channels out, channels in, side.  `norm` is a batch norm behind it."""
    out, given, side = shape
    weight = tensors.take(f"{name}.weight", out, given // groups, side, side)
    summand = tensors.take(f"{name}.bias", out) if bias else np.zeros(out, np.float32)
    if norm is not None:
        factor, moved = _folded(tensors, norm, out)
        weight, summand = weight * factor[:, None, None, None], summand * factor + moved
    steps, pads = [step, step], [side // 2, side // 2]
    if groups == 1:
        made = ops.convolution(features, weight, steps, pads, pads, UNIT_STEPS)
    else:
        grouped = weight.reshape(groups, out // groups, given // groups, side, side)
        made = ops.group_convolution(features, grouped, steps, pads, pads, UNIT_STEPS)
    return ops.add(made, summand.reshape(1, out, 1, 1))


def _folded(tensors: Tensors, name: str, channels: int) -> tuple[Floats, Floats]:
    """Return the factor and the summand of each channel that a batch norm is."""
    weight, bias, mean, variance = (
        tensors.take(f"{name}.{part}", channels).astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = weight / np.sqrt(variance + BATCH_NORM_EPS)
    return factor.astype(np.float32), (bias - mean * factor).astype(np.float32)


def attention(features: Node, tensors: Tensors, name: str, channels: int, mid: int) -> Node:
    """Return features with second-order attention (`cbvir_core.embed.solar.SecondOrderAttention`)."""
    query, key = (
        ops.relu(
            convolution(
                features, tensors, f"{name}.{part}.0", (mid, channels, 1), bias=True, norm=f"{name}.{part}.1"
            )
        )
        for part in ("f", "g")
    )
    value = convolution(features, tensors, f"{name}.h", (mid, channels, 1), bias=True)
    flat = [ops.reshape(one, [0, mid, -1], True) for one in (query, key, value)]
    weights = ops.softmax(ops.multiply(ops.matmul(flat[0], flat[1], True, False), np.float32(mid**-0.5)), -1)
    mixed = ops.reshape(ops.matmul(flat[2], weights, False, True), ops.shape_of(value), False)
    return ops.add(features, convolution(mixed, tensors, f"{name}.v", (channels, mid, 1), bias=True))
