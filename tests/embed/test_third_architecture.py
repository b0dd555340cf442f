"""A new descriptor model is one file (`support.tiny_network`) and one line of the registry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, import_files
from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Image
from cbvir_core.weights import (
    ROLES,
    Profile,
    Role,
    find_profile,
    fingerprint,
    read_header,
    verify,
)
from support.tiny_network import registered, tiny_file, tiny_state

TORCH = RuntimeOptions(runtime="torch", device="cpu")
OPENVINO = RuntimeOptions(runtime="openvino")


def other_role(role: Role) -> Role:
    return "refine" if role == "filter" else "filter"


def file_of(profile: Profile, role: Role) -> Path:
    path = profile.filter if role == "filter" else profile.refine
    assert path is not None
    return path


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("form", ["own", "published"])
def test_it_is_imported_and_encodes(
    role: Role, form: str, filter_file: Path, pictures: list[Image], tmp_path: Path
) -> None:
    with registered(role):
        if form == "own":
            given = tiny_file(tmp_path / "tiny.safetensors")
        else:
            given = tmp_path / "tiny.pth"
            torch.save({"state_dict": tiny_state()}, given)
        others = [filter_file] if role == "refine" else []
        info = import_files("third", [given, *others], tmp_path / "models")
        assert info.usable
        assert [file.problem for file in info.files] == [None] * len(info.files)
        weights = file_of(find_profile("third", tmp_path / "models"), role)
        assert read_header(weights).architecture == "tiny"
        assert fingerprint(weights) == fingerprint(tiny_file(tmp_path / "again"))
        truth, fast = (NetworkEncoder(weights, role, options) for options in (TORCH, OPENVINO))
        assert truth.dim == fast.dim == 16
        assert (truth.encode(pictures) * fast.encode(pictures)).sum(axis=1).min() >= 0.99
        np.testing.assert_allclose(np.linalg.norm(fast.encode(pictures), axis=1), 1, atol=1e-5)
        with pytest.raises(WeightsMismatch, match=f"tiny is no {other_role(role)}"):
            NetworkEncoder(weights, other_role(role), TORCH)


@pytest.mark.parametrize("role", ROLES)
def test_the_role_in_the_header_comes_before_that_of_the_registry(
    role: Role, pictures: list[Image], tmp_path: Path
) -> None:
    with registered(other_role(role)):
        given = tiny_file(tmp_path / "tiny.safetensors", role)
        (file,) = import_files("third", [given], tmp_path / "models").files
        assert (file.role, file.problem) == (role, None)
        assert read_header(file.path).role == role
        assert fingerprint(file.path) == fingerprint(tiny_file(tmp_path / "none"))
        assert NetworkEncoder(file.path, role, TORCH).encode(pictures).shape == (len(pictures), 16)


def test_a_file_whose_architecture_is_not_in_the_registry_is_refused(tmp_path: Path) -> None:
    given = tiny_file(tmp_path / "tiny.safetensors", "filter")
    unknown = rf"{given}: unknown architecture 'tiny'; this version knows mobilenet_v2, solar-BACKBONE"
    with pytest.raises(WeightsMismatch, match=unknown):
        import_files("third", [given], tmp_path / "models")
    with pytest.raises(WeightsMismatch, match=unknown):
        NetworkEncoder(given, "filter", TORCH)
    with registered("filter"):
        import_files("third", [given], tmp_path / "models")
    (check,) = (check for check in verify(tmp_path / "models") if check.profile == "third")
    assert not check.good
    assert "unknown architecture" in check.message
    torch.save(tiny_state(), tmp_path / "tiny.pth")
    with pytest.raises(WeightsMismatch, match="is for another architecture: neither MobileNetV2 nor SOLAR"):
        import_files("fourth", [tmp_path / "tiny.pth"], tmp_path / "models")
