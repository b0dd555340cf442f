"""Checkpoints as other programs write them: wrapped, with numbers beside tensors, or half a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from cbvir_core.embed.checkpoints import read_checkpoint
from cbvir_core.embed.solar import SolarDescriptor, solar_architecture
from cbvir_core.errors import WeightsMismatch

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def solar() -> State:
    torch.manual_seed(1)
    return dict(SolarDescriptor("resnet18", whitened=16).state_dict())


def test_numbers_of_numpy_stand_beside_tensors(solar: State, tmp_path: Path) -> None:
    whole = {"epoch": np.int64(7), "best": np.float64(0.5), "state_dict": solar, "meta": {"p": np.float32(3)}}
    torch.save(whole, tmp_path / "a.pth")
    proven = read_checkpoint(tmp_path / "a.pth")
    assert proven.header.architecture == "solar-resnet18"
    assert set(proven.state) == set(solar)
    torch.save({**solar, "epoch": 3, "score": np.float64(0.5)}, tmp_path / "b.pth")
    assert set(read_checkpoint(tmp_path / "b.pth").state) == set(solar)


def test_names_of_a_wrapped_network_are_read(solar: State, tmp_path: Path) -> None:
    torch.save({f"module.{name}": value for name, value in solar.items()}, tmp_path / "a.pth")
    assert set(read_checkpoint(tmp_path / "a.pth").state) == set(solar)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (lambda name: ".soa4." in name, "without the attention block soa4"),
        (lambda name: ".soa5." in name, "without the attention block soa5"),
        (lambda name: ".soa" in name, "without attention"),
        (lambda name: name.startswith("whiten."), "without whitening"),
    ],
)
def test_half_a_solar_is_named(
    solar: State, left_out: Callable[[str], bool], said: str, tmp_path: Path
) -> None:
    torch.save({name: value for name, value in solar.items() if not left_out(name)}, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatch, match=said):
        read_checkpoint(tmp_path / "a.pth")


def test_resnet152_is_told() -> None:
    with torch.device("meta"):
        state = SolarDescriptor("resnet152").state_dict()
    assert solar_architecture(state) == "solar-resnet152"


def test_numbers_alone_are_no_weights(tmp_path: Path) -> None:
    torch.save({"epoch": np.int64(7)}, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatch, match="no state dict"):
        read_checkpoint(tmp_path / "a.pth")
