"""Small seeded networks for tests that need descriptors but no knowledge of the world.

The filter is a random MobileNetV2 at 96 x 96 whose batch norms and whitening are fitted to painted
scenes.  Its features are random, but spread out and steady, so that a copy of a picture (re-encoded, scaled,
blurred, cropped by a tenth) is nearer than any other picture.  Brightness does not change them.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.preprocess import prepare
from cbvir_core.embed.solar import MobileNetSolarFeatures, SolarDescriptor, SolarFeatures
from cbvir_core.types import Image
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights
from support.conversions import kept_file
from support.scenery import PAINTERS, palette

FILTER_SIDE = 96
SOLAR_LONG_SIDE = 160
WHITENED = 64
SAMPLES = 96
RESIDUAL_GAIN = 0.3  # with a gain of 1, a random network of this depth turns every small change into chaos


def seeded_filter(path: Path, seed: int = 0) -> Path:
    """Write a MobileNetV2 filter whose weights follow from the seed (64 dimensions), and return `path`."""
    kept = kept_file(f"filter-{seed}.safetensors", lambda new: make_filter(new, seed))
    return Path(shutil.copyfile(kept, path))


def make_filter(path: Path, seed: int) -> None:
    """Make that filter, which takes seconds."""
    header = WeightsHeader("mobilenet_v2", f"random, seed {seed}", Preprocess(FILTER_SIDE, FILTER_SIDE))
    write_weights(path, _filter_state(seed), header)


def seeded_solar(path: Path, backbone: str = "resnet18", seed: int = 0) -> Path:
    """Write a SOLAR network with random weights (also in its attention blocks), and return `path`."""
    name = f"solar-{backbone}"
    header = WeightsHeader(name, f"random, seed {seed}", Preprocess(long_side=SOLAR_LONG_SIDE))
    kept = kept_file(
        f"{name}-{seed}.safetensors", lambda new: write_weights(new, _solar_state(backbone, seed), header)
    )
    return Path(shutil.copyfile(kept, path))


def painted(seed: int, count: int, width: int = 256, height: int = 144) -> list[Image]:
    """Return pictures of ten kinds of scene."""
    rng, painters = np.random.default_rng(seed), list(PAINTERS.values())
    return [painters[n % len(painters)](rng, width, height, palette(rng)) for n in range(count)]


@cache
def _filter_state(seed: int) -> dict[str, Tensor]:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = MobileNetDescriptor()
        for block in network.features[1:-1]:
            _tame(block)
        pictures = _inputs((FILTER_SIDE, FILTER_SIDE), SAMPLES)
        _calibrate(network.features, pictures)
        return network.state_dict() | _whitening(network(pictures))


@cache
def _solar_state(backbone: str, seed: int) -> dict[str, Tensor]:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = SolarDescriptor(backbone)
        features = network.features
        for attention in (features.soa4, features.soa5):
            nn.init.normal_(attention.v.weight, std=0.2 * attention.scale)
        _calm(features)
        pictures = _inputs((96, 160), SAMPLES // 3)
        _calibrate(features, pictures)
        pooled = nn.functional.normalize(network.pool(features(pictures)))
        whiten = {"whiten.weight": torch.eye(pooled.shape[1]), "whiten.bias": -pooled.mean(0)}
        return network.state_dict() | whiten


def _calm(features: MobileNetSolarFeatures | SolarFeatures) -> None:
    """Let the blocks of SOLAR's backbone add little to what they get."""
    if isinstance(features, MobileNetSolarFeatures):
        for number in range(1, 18):
            _tame(features.get_submodule(str(number)))
        return
    stages = (features.conv2_x[2], features.conv3_x, features.conv4_x, features.conv5_x)
    for block in (block for stage in stages for block in stage.children()):
        last = block.get_submodule("bn3" if hasattr(block, "bn3") else "bn2")
        nn.init.constant_(last.get_parameter("weight"), RESIDUAL_GAIN)


def _tame(block: nn.Module) -> None:
    """Keep an inverted residual mostly linear and smooth: it blurs, mixes channels and adds little."""
    *layers, _, norm = block.get_submodule("conv").children()
    for layer in layers:
        nn.init.constant_(layer.get_parameter("1.bias"), 1.0)
    nn.init.uniform_(layers[-1].get_parameter("0.weight"))
    if block.use_res_connect:
        nn.init.constant_(norm.get_parameter("weight"), RESIDUAL_GAIN)


def _inputs(size: tuple[int, int], count: int) -> Tensor:
    plain = Preprocess(*size)
    return torch.from_numpy(np.stack([prepare(picture, size, plain) for picture in painted(1234, count)]))


def _calibrate(features: nn.Module, pictures: Tensor) -> None:
    """Give every batch norm the statistics of the pictures, then return to evaluation mode."""
    for module in features.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    features.train()
    features(pictures)
    features.eval()


def _whitening(pooled: Tensor) -> dict[str, Tensor]:
    """Return PCA whitening of the sample, damped so that weak directions do not become noise."""
    mean = pooled.mean(0)
    _, spread, axes = torch.linalg.svd(pooled - mean, full_matrices=False)
    weight = axes[:WHITENED] / (spread[:WHITENED] + 0.05 * spread[0])[:, None]
    return {"whiten.weight": weight, "whiten.bias": -(weight @ mean)}
