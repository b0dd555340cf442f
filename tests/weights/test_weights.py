"""Weight files: they are read as they were written, damage is named, fingerprints cover what they should."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cbvir_core.errors import DiskFull, WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.weights import (
    Preprocess,
    WeightsHeader,
    fingerprint,
    read_header,
    read_weights,
    write_weights,
)

HEADER = WeightsHeader(
    "mobilenet_v2", "a test", Preprocess(8, 6), {"recipe": {"seed": 3}, "losses": [1.5, 1.0]}
)
STATE = {"a": torch.arange(6.0).reshape(2, 3).half(), "pool.p": torch.tensor([3.0]), "n": torch.tensor(7)}


def test_round_trip(tmp_path: Path) -> None:
    written = write_weights(tmp_path / "new" / "w.safetensors", STATE, HEADER)
    header, state = read_weights(tmp_path / "new" / "w.safetensors")
    assert header == HEADER
    assert written == fingerprint(tmp_path / "new" / "w.safetensors")
    assert state["a"].dtype == torch.float32
    assert state["n"].item() == 7
    assert torch.equal(state["a"], STATE["a"].float())
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.safetensors"]


@given(
    long_side=st.integers(32, 2048),
    scales=st.lists(st.floats(0.25, 2), min_size=1, max_size=3).map(tuple),
    mean=st.tuples(*[st.floats(0, 1)] * 3),
    label=st.text(max_size=20),
)
def test_header_survives_json(
    long_side: int, scales: tuple[float, ...], mean: tuple[float, float, float], label: str
) -> None:
    header = WeightsHeader("solar-resnet18", label, Preprocess(long_side=long_side, mean=mean, scales=scales))
    assert WeightsHeader.from_json(header.to_json()) == header


def test_numpy_and_bfloat16_tensors_are_taken(tmp_path: Path) -> None:
    state: dict[str, Tensor | npt.NDArray[np.float32]] = {
        "a": np.ones((2, 2), np.float32),
        "b": torch.ones(3, dtype=torch.bfloat16),
    }
    write_weights(tmp_path / "w.safetensors", state, HEADER)
    assert torch.equal(read_weights(tmp_path / "w.safetensors")[1]["b"], torch.ones(3))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"label": "another"}, True),
        ({"details": {}}, True),
        ({"architecture": "solar-resnet18"}, False),
        ({"preprocess": Preprocess(8, 7)}, False),
        ({"preprocess": Preprocess(8, 6, mean=(0.5, 0.5, 0.5))}, False),
    ],
)
def test_fingerprint_covers_what_makes_descriptors(
    tmp_path: Path, change: dict[str, Any], same: bool
) -> None:
    first = write_weights(tmp_path / "a", STATE, HEADER)
    assert (write_weights(tmp_path / "b", STATE, replace(HEADER, **change)) == first) is same


def test_fingerprint_covers_tensors(tmp_path: Path) -> None:
    first = write_weights(tmp_path / "a", STATE, HEADER)
    assert write_weights(tmp_path / "b", STATE | {"pool.p": torch.tensor([3.001])}, HEADER) != first
    assert write_weights(tmp_path / "b", dict(reversed(STATE.items())), HEADER) == first


def test_either_a_size_or_a_long_side() -> None:
    wrongs: list[dict[str, Any]] = [{}, {"height": 4}, {"height": 4, "width": 4, "long_side": 4}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="preprocessing wants"):
            Preprocess(**wrong)


def test_missing_damaged_and_foreign(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(WeightsMissing, match="is not there"):
        read_weights(path)
    write_weights(path, STATE, HEADER)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(WeightsDamaged):
        read_weights(path)
    path.write_bytes(b"not a weight file at all")
    with pytest.raises(WeightsDamaged):
        read_header(path)
    safetensors.numpy.save_file({"a": np.ones(2, np.float32)}, path)
    with pytest.raises(WeightsMismatch, match="models import"):
        read_weights(path)
    safetensors.numpy.save_file({"a": np.ones(2, np.float32)}, path, metadata={"cbvir": '{"label": 3}'})
    with pytest.raises(WeightsDamaged):
        read_header(path)


def test_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    first = write_weights(path, STATE, HEADER)

    def refuse(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(DiskFull, match="no room"):
        write_weights(path, STATE, replace(HEADER, architecture="solar-resnet18"))
    assert fingerprint(path) == first
    assert list(tmp_path.iterdir()) == [path]
