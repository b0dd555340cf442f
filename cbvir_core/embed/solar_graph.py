"""SOLAR for OpenVINO: the features of `cbvir_core.embed.solar`, on MobileNetV2 and on ResNets."""

from __future__ import annotations

from openvino import opset1
from openvino import opset13 as ops

from cbvir_core.embed.graph import Node, Tensors, attention, convolution
from cbvir_core.embed.mobilenet_graph import mobilenet_features
from cbvir_core.embed.shapes import ATTENDED_BLOCKS
from cbvir_core.errors import WeightsMismatch

MOBILENET_SOLAR = "solar-mobilenet_v2"
RESNET_BLOCKS = {
    "solar-resnet18": ((2, 2, 2, 2), False),
    "solar-resnet34": ((3, 4, 6, 3), False),
    "solar-resnet50": ((3, 4, 6, 3), True),
    "solar-resnet101": ((3, 4, 23, 3), True),
    "solar-resnet152": ((3, 8, 36, 3), True),
}
"""Blocks of each stage, and whether they are bottlenecks (He et al., CVPR 2016, Table 1)."""

STEM_CHANNELS = 64
BOTTLENECK_EXPANSION = 4


def features(pictures: Node, tensors: Tensors, architecture: str) -> tuple[Node, int]:
    """Return the last feature map of pictures, N x C x H/32 x W/32, and its channels."""
    if architecture == MOBILENET_SOLAR:
        return mobilenet_features(pictures, tensors, ATTENDED_BLOCKS)
    if architecture not in RESNET_BLOCKS:
        known = ", ".join((*RESNET_BLOCKS, MOBILENET_SOLAR))
        raise WeightsMismatch(f"unknown architecture {architecture!r}; known: {known}")
    return _resnet(pictures, tensors, *RESNET_BLOCKS[architecture])


def _resnet(pictures: Node, tensors: Tensors, blocks: tuple[int, ...], bottleneck: bool) -> tuple[Node, int]:
    """Return the last feature map, with attention after the last two stages."""
    stem = (STEM_CHANNELS, 3, 7)
    shown = ops.relu(
        convolution(pictures, tensors, "features.conv1.0", stem, norm="features.conv1.1", step=2)
    )
    shown = opset1.max_pool(shown, [2, 2], [1, 1], [1, 1], [3, 3], "floor")
    given = STEM_CHANNELS
    for stage, count in enumerate(blocks):
        width = STEM_CHANNELS << stage
        name = f"features.conv{stage + 2}_x" + (".2" if stage == 0 else "")
        for number in range(count):
            step = 2 if stage and number == 0 else 1
            shown, given = _block(shown, tensors, f"{name}.{number}", (given, width), step, bottleneck)
        if stage == 2:
            shown = attention(shown, tensors, "features.soa4", given, given // 4)
    return attention(shown, tensors, "features.soa5", given, given // 2), given


def _block(
    shown: Node, tensors: Tensors, name: str, channels: tuple[int, int], step: int, bottleneck: bool
) -> tuple[Node, int]:
    """Return a residual block and its channels; a bottleneck has its step in the second convolution."""
    given, width = channels
    out = width * BOTTLENECK_EXPANSION if bottleneck else width
    layers = (
        [(width, given, 1, 1), (width, width, 3, step), (out, width, 1, 1)]
        if bottleneck
        else [(width, given, 3, step), (width, width, 3, 1)]
    )
    inside = shown
    for number, (wide, before, side, own_step) in enumerate(layers, start=1):
        conv, norm = f"{name}.conv{number}", f"{name}.bn{number}"
        inside = convolution(inside, tensors, conv, (wide, before, side), norm=norm, step=own_step)
        if number < len(layers):
            inside = ops.relu(inside)
    if step != 1 or given != out:
        down = f"{name}.downsample"
        shown = convolution(shown, tensors, f"{down}.0", (out, given, 1), norm=f"{down}.1", step=step)
    return ops.relu(ops.add(shown, inside)), out
