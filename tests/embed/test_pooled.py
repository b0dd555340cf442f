"""Backbones of other makers, pooled: torchvision's own numbers, and sentences about what is not built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torchvision import models

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, convert_checkpoint
from cbvir_core.embed.checkpoints import read_checkpoint
from cbvir_core.embed.networks import build_network
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights import read_header, role_of

PICTURES = torch.linspace(-1, 1, 2 * 3 * 64 * 96).reshape(2, 3, 64, 96)


@pytest.fixture(scope="module")
def resnet18() -> torch.nn.Module:
    torch.manual_seed(3)
    network: torch.nn.Module = models.resnet18(weights=None)
    return network.eval()


def pooled(features: Tensor, p: float = 1.0) -> Tensor:
    return F.normalize(features.clamp(min=1e-6).pow(p).mean((-2, -1)).pow(1 / p))


def maps(network: torch.nn.Module) -> Tensor:
    with torch.no_grad():
        features: Tensor = torch.nn.Sequential(*list(network.children())[:-2])(PICTURES)
    return features


def gem_state(network: torch.nn.Module) -> dict[str, Tensor]:
    body = torch.nn.Sequential(*list(network.children())[:-2])
    return {f"features.{name}": value for name, value in body.state_dict().items()}


def test_torchvisions_resnet_is_pooled_to_the_average(resnet18: torch.nn.Module, tmp_path: Path) -> None:
    torch.save(resnet18.state_dict(), tmp_path / "resnet18-f37072fd.pth")
    proven = read_checkpoint(tmp_path / "resnet18-f37072fd.pth")
    assert proven.header.architecture == "pooled-resnet18"
    assert role_of(proven.header) == "refine"
    assert not any(name.startswith("fc.") for name in proven.state)
    with torch.no_grad():
        rows = build_network("pooled-resnet18", proven.state)(PICTURES)
    torch.testing.assert_close(rows, pooled(maps(resnet18)), atol=1e-5, rtol=1e-4)


def test_a_gem_checkpoint_is_pooled_and_whitened(resnet18: torch.nn.Module, tmp_path: Path) -> None:
    whiten = torch.randn(64, 512) / 20
    state = gem_state(resnet18) | {
        "pool.p": torch.tensor([2.5]),
        "whiten.weight": whiten,
        "whiten.bias": torch.zeros(64),
    }
    meta = {"architecture": "resnet18", "pooling": "gem", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2]}
    torch.save({"meta": meta, "state_dict": state}, tmp_path / "gem.pth")
    proven = read_checkpoint(tmp_path / "gem.pth")
    assert proven.header.preprocess.mean == (0.5, 0.4, 0.3)
    assert proven.header.preprocess.long_side == 1024
    with torch.no_grad():
        rows = build_network(proven.header.architecture, proven.state)(PICTURES)
    expected = F.normalize(pooled(maps(resnet18), 2.5) @ whiten.T)
    torch.testing.assert_close(rows, expected, atol=1e-5, rtol=1e-4)


def test_a_converted_checkpoint_describes_pictures(resnet18: torch.nn.Module, tmp_path: Path) -> None:
    torch.save(resnet18.state_dict(), tmp_path / "resnet18.pth")
    made = convert_checkpoint(tmp_path / "resnet18.pth", tmp_path / "made.safetensors")
    assert read_header(made).architecture == "pooled-resnet18"
    encoder = NetworkEncoder(made, "refine", RuntimeOptions(runtime="torch", device="cpu"))
    rows = encoder.encode([np.full((40, 60, 3), value, np.uint8) for value in (30, 200)])
    assert rows.shape == (2, 512)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["resnet50", "resnet101", "resnet152", "vgg16"])
def test_backbones_are_told_by_their_tensors(name: str) -> None:
    from cbvir_core.embed.pooled import recognise

    with torch.device("meta"):
        state = getattr(models, name)(weights=None).state_dict()
    found = recognise(state, {})
    assert found is not None
    assert found.architecture == f"pooled-{name}"
    assert found.preprocess.long_side == 512


def test_vgg16_ends_with_its_last_pooling_only_without_gem() -> None:
    from cbvir_core.embed.pooled import PooledBackbone

    with torch.device("meta"):
        assert len(PooledBackbone("vgg16").features) == 31
        assert len(PooledBackbone("vgg16", 3.0).features) == 30


@pytest.mark.parametrize(
    ("change", "meta", "said"),
    [
        ({}, {"pooling": "rmac"}, "pools by RMAC"),
        ({}, {"pooling": "gem", "regional": True}, "whitens regions"),
        ({"lwhiten.weight": torch.zeros(2, 2)}, {}, "local features"),
        ({"pool.p": torch.ones(512)}, {}, "each channel"),
        ({"features.0.weight": torch.zeros(64, 3, 11, 11)}, {}, "AlexNet"),
        ({"features.6.9.conv1.weight": torch.zeros(1)}, {}, "a ResNet with 3 blocks in its third stage"),
    ],
)
def test_what_is_not_built_is_named(
    resnet18: torch.nn.Module, change: dict[str, Tensor], meta: dict[str, Any], said: str, tmp_path: Path
) -> None:
    torch.save({"meta": meta, "state_dict": gem_state(resnet18) | change}, tmp_path / "x.pth")
    with pytest.raises(WeightsMismatch, match=said):
        read_checkpoint(tmp_path / "x.pth")
