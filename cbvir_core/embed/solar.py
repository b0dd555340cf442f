"""The refinement network: SOLAR, a backbone with second-order attention (MoReSo, equations 3-7).

With a ResNet, parameter names are those of the published checkpoint, so that it loads strictly:
``features.conv1.0`` and ``.1`` (convolution and batch norm), ``features.conv2_x.2`` (behind ReLU and
maximum pooling), ``features.conv3_x`` to ``conv5_x``, ``features.soa4`` and ``soa5``, ``pool.p``,
``whiten``.  With MobileNetV2 they are the filter's (``features.0`` to ``features.18``, ``pool.p``,
``whiten``) and in addition ``features.soa4`` and ``soa5``, so a filter's tensors fit under their own names.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from cbvir_core.embed.networks import GeM, Network, PublishedNetwork, load_exactly
from cbvir_core.embed.shapes import ATTENDED_BLOCKS, RESNET_OF_BLOCKS
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights import IMAGENET_MEAN, IMAGENET_STD, Preprocess

SOLAR_PREFIX = "solar-"
_MOBILENET = "mobilenet_v2"
SOLAR_BACKBONES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", _MOBILENET)
SOLAR_LONG_SIDE = 512
"""Longer side of the published network's input: that of the stored stills.  A larger picture would hold
nothing more."""
_FOURTH_STAGE = re.compile(r"features\.conv4_x\.(\d+)\.")


class SecondOrderAttention(nn.Module):
    """Second-order attention (equations 4 and 5): N x C x H x W -> the same shape.

    Every position becomes itself plus a mixture of the values at all positions, weighted by
    ``softmax(mid ** -0.5 * query . key)`` over the positions.  `f` makes the query, `g` the key, `h`
    the value.  `v`, called phi in equation 5, is the 1 x 1 convolution that maps the mixture back to
    C channels.  `v` starts at zero, so a fresh block returns its input unchanged.
    """

    def __init__(self, channels: int, mid: int) -> None:
        super().__init__()
        self.scale = mid**-0.5
        self.f = _projection(channels, mid)
        self.g = _projection(channels, mid)
        self.h = nn.Conv2d(channels, mid, 1)
        self.v = nn.Conv2d(mid, channels, 1)
        nn.init.zeros_(self.v.weight)
        nn.init.zeros_(self.v.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Return the features with context added."""
        query, key, value = (layer(features).flatten(2) for layer in (self.f, self.g, self.h))
        attention = torch.softmax(self.scale * query.transpose(1, 2) @ key, dim=-1)
        mixed = (attention @ value.transpose(1, 2)).transpose(1, 2)
        returned: Tensor = self.v(mixed.unflatten(2, features.shape[2:]))
        return features + returned


def _projection(channels: int, mid: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, mid, 1), nn.BatchNorm2d(mid), nn.ReLU())


class SolarFeatures(nn.Module):
    """ResNet's stages with attention after the last two: N x 3 x H x W -> N x C x H/32 x W/32."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        base = getattr(models, backbone)(weights=None)
        self.conv1 = nn.Sequential(base.conv1, base.bn1)
        self.conv2_x = nn.Sequential(base.relu, base.maxpool, base.layer1)
        self.conv3_x = base.layer2
        self.conv4_x = base.layer3
        self.conv5_x = base.layer4
        self.channels: int = base.fc.in_features
        self.soa4 = SecondOrderAttention(self.channels // 2, mid=self.channels // 8)
        self.soa5 = SecondOrderAttention(self.channels, mid=self.channels // 2)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the last feature map."""
        early = self.conv3_x(self.conv2_x(self.conv1(pictures)))
        refined: Tensor = self.soa5(self.conv5_x(self.soa4(self.conv4_x(early))))
        return refined


class MobileNetSolarFeatures(nn.Sequential):
    """MobileNetV2's blocks with attention: N x 3 x H x W -> N x 1280 x H/32 x W/32.

    `soa4` stands behind the last block at stride 16 (96 channels), `soa5` behind the last bottleneck
    (320 channels), before the 1 x 1 convolution to 1,280.  There `soa5` costs a quarter of what it would
    cost behind that convolution, and ReLU6 still follows, so that GeM gets no negative features.  Both
    project to half their channels: a bottleneck has few channels already, so ResNet's quarter at stage
    four would save nothing.
    """

    channels = 1280
    soa4: SecondOrderAttention
    soa5: SecondOrderAttention

    def __init__(self) -> None:
        blocks = models.mobilenet_v2(weights=None).features
        named: OrderedDict[str, nn.Module] = OrderedDict()
        for number, block in enumerate(blocks):
            named[str(number)] = block
            if number in ATTENDED_BLOCKS:
                name, channels = ATTENDED_BLOCKS[number]
                named[name] = SecondOrderAttention(channels, mid=channels // 2)
        super().__init__(named)


class SolarDescriptor(Network):
    """Pictures to unit descriptors: attention, GeM with a learnt p, L2, learnt whitening, L2.

    N x 3 x H x W, normalised, any size -> N x D.  `backbone` is one of `SOLAR_BACKBONES`; `whitened` is the
    width of the whitening (None: the backbone's channels, as published).
    """

    features: MobileNetSolarFeatures | SolarFeatures
    whiten: nn.Linear

    def __init__(self, backbone: str = "resnet101", *, p: float = 3.0, whitened: int | None = None) -> None:
        super().__init__()
        self.features = MobileNetSolarFeatures() if backbone == _MOBILENET else SolarFeatures(backbone)
        self.pool = GeM(p)
        self.whiten = nn.Linear(self.features.channels, whitened or self.features.channels)


def build(state: Mapping[str, Tensor], architecture: str) -> SolarDescriptor:
    """Return the network of this architecture (``solar-resnet101``) with these tensors, in evaluation mode.

    Raise WeightsMismatch where the architecture is unknown or the tensors are not exactly its own.
    """
    backbone = architecture.removeprefix(SOLAR_PREFIX)
    if backbone not in SOLAR_BACKBONES or backbone == architecture:
        raise WeightsMismatch(f"unknown architecture {architecture!r}; known: {_known()}")
    whiten = state.get("whiten.weight")
    network = SolarDescriptor(backbone, whitened=None if whiten is None else int(whiten.shape[0]))
    load_exactly(network, state, architecture)
    return network.eval()


def recognise(state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> PublishedNetwork | None:
    """Return the SOLAR of its authors where the tensors have its names.

    `meta` may hold the mean and the deviation of the network's input.  Raise WeightsMismatch where the
    backbone is unknown.
    """
    if "features.conv1.0.weight" not in state:
        return None
    _refuse_half_a_solar(state)
    mean, std = input_channels(meta.get("mean"), IMAGENET_MEAN), input_channels(meta.get("std"), IMAGENET_STD)
    return PublishedNetwork(
        solar_architecture(state), Preprocess(long_side=SOLAR_LONG_SIDE, mean=mean, std=std)
    )


def _refuse_half_a_solar(state: Mapping[str, Tensor]) -> None:
    missing = [name for name in ("soa4", "soa5") if f"features.{name}.v.weight" not in state]
    if len(missing) == 2:
        raise WeightsMismatch("is a SOLAR without attention; cbvir builds it with two attention blocks")
    if missing:
        raise WeightsMismatch(
            f"is a SOLAR without the attention block {missing[0]}; cbvir builds it with both"
        )
    if "whiten.weight" not in state:
        raise WeightsMismatch("is a SOLAR without whitening; cbvir builds it with whitening")


def input_channels(values: Any, default: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return what a checkpoint says of the three channels of its input, or the default."""
    if isinstance(values, list | tuple) and len(values) == 3:
        return float(values[0]), float(values[1]), float(values[2])
    return default


def solar_architecture(state: Mapping[str, Tensor]) -> str:
    """Return the architecture of a checkpoint of SOLAR; a ResNet is recognised by its fourth stage.

    Raise WeightsMismatch where no backbone fits.
    """
    if "features.18.0.weight" in state and "features.soa4.v.weight" in state:
        return SOLAR_PREFIX + _MOBILENET
    blocks = {int(found[1]) for name in state if (found := _FOURTH_STAGE.match(name))}
    bottleneck = any(name.startswith("features.conv4_x.0.conv3.") for name in state)
    try:
        return SOLAR_PREFIX + RESNET_OF_BLOCKS[len(blocks), bottleneck]
    except KeyError:
        raise WeightsMismatch(f"this checkpoint of SOLAR has no known backbone; known: {_known()}") from None


def _known() -> str:
    return ", ".join(SOLAR_PREFIX + name for name in SOLAR_BACKBONES)
