"""MobileNetV2 for OpenVINO: the features of `cbvir_core.embed.mobilenet`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from openvino import opset13 as ops

from cbvir_core.embed.graph import Node, Tensors, attention, convolution

MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks and first step of each stage (Sandler et al., CVPR 2018, Table 2)."""

FIRST_CHANNELS, LAST_CHANNELS = 32, 1280


def features(pictures: Node, tensors: Tensors, _architecture: str) -> tuple[Node, int]:
    """Return the last feature map of pictures, N x 1280 x H/32 x W/32, and its channels."""
    tensors.drop("classifier.")
    tensors.default("pool.p", np.ones(1, np.float32))  # the average
    return mobilenet_features(pictures, tensors)


def mobilenet_features(
    pictures: Node, tensors: Tensors, attended: Mapping[int, tuple[str, int]] = {}
) -> tuple[Node, int]:
    """Return the last feature map, with attention of half the channels behind some of the blocks."""
    shown = _clamped(pictures, tensors, "features.0", (FIRST_CHANNELS, 3, 3), step=2)
    given = FIRST_CHANNELS
    for number, (expansion, channels, step) in enumerate(_blocks(), start=1):
        shown = _block(shown, tensors, f"features.{number}.conv", (given, channels), expansion, step)
        given = channels
        if number in attended:
            name, width = attended[number]
            shown = attention(shown, tensors, f"features.{name}", width, width // 2)
    last = _clamped(shown, tensors, f"features.{number + 1}", (LAST_CHANNELS, given, 1))
    return last, LAST_CHANNELS


def _blocks() -> Iterator[tuple[int, int, int]]:
    """Yield expansion, channels and step of every block."""
    for expansion, channels, count, step in MOBILENET_STAGES:
        yield from ((expansion, channels, 1 if number else step) for number in range(count))


def _block(
    shown: Node, tensors: Tensors, name: str, channels: tuple[int, int], expansion: int, step: int
) -> Node:
    """Return an inverted residual block: expanded, each channel by itself, projected."""
    given, out = channels
    hidden, inside, number = given * expansion, shown, 0
    if expansion != 1:
        inside, number = _clamped(inside, tensors, f"{name}.0", (hidden, given, 1)), 1
    inside = _clamped(inside, tensors, f"{name}.{number}", (hidden, hidden, 3), step=step, groups=hidden)
    inside = convolution(
        inside, tensors, f"{name}.{number + 1}", (out, hidden, 1), norm=f"{name}.{number + 2}"
    )
    return ops.add(shown, inside) if step == 1 and given == out else inside


def _clamped(
    shown: Node, tensors: Tensors, name: str, shape: tuple[int, int, int], *, step: int = 1, groups: int = 1
) -> Node:
    """Return a convolution with batch norm and ReLU6."""
    made = convolution(shown, tensors, f"{name}.0", shape, norm=f"{name}.1", step=step, groups=groups)
    return ops.clamp(made, 0.0, 6.0)
