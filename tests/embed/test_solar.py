"""SOLAR: the attention block against its equations, and the published checkpoint's layout."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.embed.solar import (
    SOLAR_BACKBONES,
    MobileNetSolarFeatures,
    SecondOrderAttention,
    SolarDescriptor,
    build,
    solar_architecture,
)
from cbvir_core.errors import WeightsMismatch

PUBLISHED_NAMES = {
    "conv1": "conv1.0",
    "bn1": "conv1.1",
    "layer1": "conv2_x.2",
    "layer2": "conv3_x",
    "layer3": "conv4_x",
    "layer4": "conv5_x",
}


def stages(base: nn.Module) -> dict[str, Tensor]:
    """Return torchvision's ResNet under the published names of its stages."""
    parts = {name: name.split(".", 1) for name in base.state_dict() if not name.startswith("fc.")}
    return {f"{PUBLISHED_NAMES[part[0]]}.{part[1]}": base.state_dict()[name] for name, part in parts.items()}


def published_layout(backbone: str) -> dict[str, Tensor]:
    """Return a checkpoint with the tensor names of the published one, made from torchvision's ResNet."""
    base = getattr(models, backbone)(weights=None)
    state = {f"features.{name}": value for name, value in stages(base).items()}
    channels = base.fc.in_features
    for block, width, mid in (("soa4", channels // 2, channels // 8), ("soa5", channels, channels // 2)):
        for part in "fg":
            state |= _named(f"features.{block}.{part}.0", nn.Conv2d(width, mid, 1))
            state |= _named(f"features.{block}.{part}.1", nn.BatchNorm2d(mid))
        state |= _named(f"features.{block}.h", nn.Conv2d(width, mid, 1))
        state |= _named(f"features.{block}.v", nn.Conv2d(mid, width, 1))
    return state | {"pool.p": torch.tensor([2.7])} | _named("whiten", nn.Linear(channels, channels))


def _named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": value for name, value in module.state_dict().items()}


def test_attention_is_the_papers_equations() -> None:
    """Equations 4 and 5, position by position and channel by channel."""
    torch.manual_seed(0)
    block = SecondOrderAttention(6, 4).eval()
    nn.init.normal_(block.v.weight)
    assert block.v.bias is not None
    nn.init.normal_(block.v.bias)
    features = torch.randn(1, 6, 2, 3)
    with torch.inference_mode():
        answer = block(features)[0].numpy()
        query, key, value = (layer(features)[0].numpy() for layer in (block.f, block.g, block.h))
    phi, bias = block.v.weight.detach().numpy()[:, :, 0, 0], block.v.bias.detach().numpy()
    positions = [(y, x) for y in range(2) for x in range(3)]
    for y, x in positions:
        products = [sum(query[c, y, x] * key[c, v, u] for c in range(4)) for v, u in positions]
        weights = [math.exp(4**-0.5 * product) for product in products]
        mixed = [
            sum(w * value[c, v, u] for w, (v, u) in zip(weights, positions, strict=True)) / sum(weights)
            for c in range(4)
        ]
        for channel in range(6):
            added = bias[channel] + sum(phi[channel, c] * mixed[c] for c in range(4))
            expected = float(features[0, channel, y, x]) + added
            assert answer[channel, y, x] == pytest.approx(expected, abs=1e-5)


def test_query_and_key_are_convolution_norm_and_relu() -> None:
    block = SecondOrderAttention(8, 2)
    assert [type(layer) for layer in block.f] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    assert [type(layer) for layer in block.g] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    features = torch.randn(2, 8, 3, 3)
    assert torch.equal(block(features), features), "a fresh block hands its input on"


@pytest.mark.parametrize(
    ("backbone", "mids"),
    [("resnet18", (64, 256)), ("resnet50", (256, 1024)), ("resnet101", (256, 1024))],
)
def test_published_layout_loads_strictly(backbone: str, mids: tuple[int, int]) -> None:
    state = published_layout(backbone)
    architecture = solar_architecture(state)
    assert architecture == f"solar-{backbone}"
    network = build(state, architecture)
    assert not network.training
    assert network.pool.p.item() == pytest.approx(2.7)
    assert network.features.soa4.h.out_channels == mids[0]
    assert network.features.soa5.h.out_channels == mids[1]
    assert {re.split(r"\.\d", name)[0] for name in state} >= {"features.conv2_x", "features.soa4.f", "pool.p"}


def test_older_checkpoints_without_batch_counters_load() -> None:
    state = {name: value for name, value in published_layout("resnet18").items() if "num_batches" not in name}
    loaded = build(state, "solar-resnet18").state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())


def test_stages_compute_what_torchvision_does() -> None:
    """While the attention blocks are fresh, the features are those of ResNet."""
    base = models.resnet18(weights=None).eval()
    network = SolarDescriptor("resnet18").eval()
    missing, unexpected = network.features.load_state_dict(stages(base), strict=False)
    assert not unexpected
    assert all(name.startswith("soa") for name in missing)
    pictures = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        expected = nn.Sequential(*list(base.children())[:-2])(pictures)
        assert torch.allclose(network.features(pictures), expected, atol=1e-5)


@pytest.mark.parametrize("spoil", ["missing", "extra", "shape"])
def test_anything_else_is_refused(spoil: str) -> None:
    state = published_layout("resnet18")
    if spoil == "missing":
        del state["features.soa4.h.bias"]
    elif spoil == "extra":
        state["features.soa4.gamma"] = torch.zeros(1)
    else:
        state["features.soa5.v.weight"] = torch.zeros(3, 3, 1, 1)
    with pytest.raises(WeightsMismatch, match="solar-resnet18"):
        build(state, "solar-resnet18")


def test_unknown_architectures_are_refused() -> None:
    for name in ("resnet18", "solar-vgg16", ""):
        with pytest.raises(WeightsMismatch, match="solar-resnet101"):
            build({}, name)
    with pytest.raises(WeightsMismatch, match="no known backbone"):
        solar_architecture({"features.conv1.0.weight": torch.zeros(1)})


def test_every_backbone_is_told_from_its_names() -> None:
    for backbone in SOLAR_BACKBONES:
        with torch.device("meta"):
            assert solar_architecture(SolarDescriptor(backbone).state_dict()) == f"solar-{backbone}"


def test_a_filters_tensors_fit_mobilenet_under_their_own_names() -> None:
    """As long as the attention is fresh, the descriptor is also that of the filter."""
    torch.manual_seed(0)
    filter_network = MobileNetDescriptor(2.5, 32).eval()
    network = SolarDescriptor("mobilenet_v2", whitened=32)
    missing, unexpected = network.load_state_dict(filter_network.state_dict(), strict=False)
    assert not unexpected
    assert {re.split(r"\.[fghv]\.", name)[0] for name in missing} == {"features.soa4", "features.soa5"}
    pictures = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        assert torch.allclose(network.eval()(pictures), filter_network(pictures), atol=1e-6)


def test_mobilenets_attention_sees_the_last_maps_of_strides_16_and_32() -> None:
    features = MobileNetSolarFeatures().eval()
    shapes: dict[str, torch.Size] = {}
    for name in ("soa4", "soa5"):
        block = features.get_submodule(name)
        block.register_forward_hook(lambda _, given, __, name=name: shapes.update({name: given[0].shape}))
    with torch.inference_mode():
        assert features(torch.zeros(1, 3, 64, 96)).shape == (1, 1280, 2, 3)
    assert shapes == {"soa4": (1, 96, 4, 6), "soa5": (1, 320, 2, 3)}
    assert (features.soa4.h.out_channels, features.soa5.h.out_channels) == (48, 160)
