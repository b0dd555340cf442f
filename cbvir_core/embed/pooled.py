"""Networks of other makers that SOLAR is compared with: a backbone of ImageNet, pooled (MoReSo, Table IV).

Two kinds of checkpoints are read: torchvision's ResNets and VGG16, which are pooled to the average, and those
of cnnimageretrieval (Radenovic, Tolias, Chum, TPAMI 2018) with GeM pooling and whitening where it was learnt.
Parameter names are those of cnnimageretrieval: ``features.0`` to ``features.7`` for a ResNet (convolution,
batch norm, ReLU, maximum pooling, four stages), torchvision's own for VGG16, ``pool.p`` and ``whiten``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from cbvir_core.embed.networks import GeM, Network, PublishedNetwork, load_exactly
from cbvir_core.embed.shapes import RESNET_OF_BLOCKS
from cbvir_core.embed.solar import input_channels
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights import IMAGENET_MEAN, IMAGENET_STD, Preprocess

POOLED_PREFIX = "pooled-"
RESNETS = tuple(RESNET_OF_BLOCKS.values())
POOLED_BACKBONES = (*RESNETS, "vgg16")

GEM_LONG_SIDE = 1024
"""Longer side in the protocol of cnnimageretrieval, which enlarges no picture; here one is enlarged."""

AVERAGE_LONG_SIDE = 512
"""That of the stored stills.  Nobody says at which size plain backbones are compared."""

_STAGES = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}
_THIRD_STAGE = re.compile(r"(?:features\.6|layer3)\.(\d+)\.")
_VGG16_LAST = "features.28.weight"
_FIRST_KERNELS = {(64, 3, 7, 7), (64, 3, 3, 3), (64, 3, 11, 11)}
"""The first convolutions of ResNets, of VGG and of AlexNet."""

_POOLINGS = {"gem": "GeM", "spoc": "average"}


class PooledBackbone(Network):
    """Pictures to unit descriptors: backbone, GeM, L2, and whitening with L2 where there is one.

    N x 3 x H x W, normalised, any size -> N x D.  VGG16 ends with its last maximum pooling where `p` is 1, as
    torchvision's features do, and before it otherwise, as in cnnimageretrieval.
    """

    features: nn.Sequential

    def __init__(self, backbone: str, p: float = 1.0, whitened: int | None = None) -> None:
        super().__init__()
        base = getattr(models, backbone)(
            weights=None, **({} if backbone in RESNETS else {"init_weights": False})
        )
        if backbone in RESNETS:
            self.features = nn.Sequential(*list(base.children())[:-2])
            channels = int(base.fc.in_features)
        else:
            layers = list(base.features.children())
            self.features = nn.Sequential(*(layers if p == 1.0 else layers[:-1]))
            channels = 512
        self.pool = GeM(p)
        self.whiten = nn.Linear(channels, whitened) if whitened else None


def build(state: Mapping[str, Tensor], architecture: str) -> PooledBackbone:
    """Return the network of this architecture (``pooled-resnet101``) with these tensors, in evaluation mode.

    Without ``pool.p`` the pooling is the average; without ``whiten`` nothing is whitened.  Raise
    WeightsMismatch where the architecture is unknown or the tensors are not exactly its own.
    """
    backbone = architecture.removeprefix(POOLED_PREFIX)
    if backbone not in POOLED_BACKBONES:
        known = ", ".join(POOLED_PREFIX + name for name in POOLED_BACKBONES)
        raise WeightsMismatch(f"unknown architecture {architecture!r}; known: {known}")
    tensors = {_own_name(name): value for name, value in state.items()}
    tensors["pool.p"] = tensors.get("pool.p", torch.ones(1)).reshape(1)
    whiten = tensors.get("whiten.weight")
    network = PooledBackbone(
        backbone, float(tensors["pool.p"]), None if whiten is None else int(whiten.shape[0])
    )
    load_exactly(network, tensors, architecture)
    return network.eval()


def _own_name(name: str) -> str:
    """Return the name that cnnimageretrieval has for a tensor of torchvision's ResNet; others as they are."""
    first, _, rest = name.partition(".")
    return f"features.{_STAGES[first]}.{rest}" if first in _STAGES else name


def recognise(state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> PublishedNetwork | None:
    """Return what a checkpoint of torchvision or cnnimageretrieval is, None for another one.

    `meta` may hold the mean and the deviation of the network's input.  Raise WeightsMismatch, which says what
    it is, for a backbone, pooling or whitening that cannot be built.
    """
    first = state.get("conv1.weight", state.get("features.0.weight"))
    if first is None or tuple(first.shape) not in _FIRST_KERNELS:
        return None
    backbone = _resnet(state) if tuple(first.shape[2:]) == (7, 7) else _vgg(state, first)
    _refuse_what_is_not_built(state, meta)
    learnt = "pool.p" in state
    mean, std = (input_channels(meta.get(key), default) for key, default in _INPUT.items())
    return PublishedNetwork(
        POOLED_PREFIX + backbone,
        Preprocess(long_side=GEM_LONG_SIDE if learnt else AVERAGE_LONG_SIDE, mean=mean, std=std),
    )


_INPUT = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


def _resnet(state: Mapping[str, Tensor]) -> str:
    blocks = {int(found[1]) for name in state if (found := _THIRD_STAGE.match(name))}
    bottleneck = any(name.endswith("4.0.conv3.weight") or name == "layer1.0.conv3.weight" for name in state)
    try:
        return RESNET_OF_BLOCKS[len(blocks), bottleneck]
    except KeyError:
        raise WeightsMismatch(
            f"is a ResNet with {len(blocks)} blocks in its third stage, which cbvir does not build; "
            f"it builds {', '.join(RESNETS)}"
        ) from None


def _vgg(state: Mapping[str, Tensor], first: Tensor) -> str:
    last = state.get(_VGG16_LAST)
    if tuple(first.shape) == (64, 3, 3, 3) and last is not None and last.ndim == 4:
        if any(name.startswith(("features.30", "features.34")) for name in state):
            raise WeightsMismatch("is VGG19, which cbvir does not build; it builds VGG16")
        return "vgg16"
    raise WeightsMismatch("is AlexNet or a VGG that cbvir does not build; it builds VGG16 without batch norm")


def _refuse_what_is_not_built(state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    pooling = str(meta.get("pooling", "gem"))
    if pooling not in _POOLINGS:
        raise WeightsMismatch(f"pools by {pooling.upper()}, which cbvir does not build; it builds GeM")
    if meta.get("regional") or any(name.startswith("pool.rpool.") for name in state):
        raise WeightsMismatch(
            "pools and whitens regions, which cbvir does not build; it builds GeM of the whole"
        )
    if meta.get("local_whitening") or any(name.startswith("lwhiten.") for name in state):
        raise WeightsMismatch("whitens local features, which cbvir does not build")
    if state.get("pool.p", torch.ones(1)).numel() != 1:
        raise WeightsMismatch("has an exponent of GeM for each channel, which cbvir does not build")
