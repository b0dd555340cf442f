"""The registry of architectures: its roles need no torch, and its modules define what it requires."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torchvision.models import MobileNet_V2_Weights

from cbvir_core.embed import mobilenet, pooled, solar
from cbvir_core.embed.networks import NetworkModule, network_module
from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.weights import (
    ARCHITECTURES,
    PUBLISHED_NAMES,
    Preprocess,
    Role,
    WeightsHeader,
    find_architecture,
    official_sources,
    read_header,
    role_of,
)
from cbvir_core.weights.sources import MOBILENET_V2_URL

MODULES: tuple[NetworkModule, ...] = (mobilenet, solar, pooled)
"""mypy checks with this line that the modules define what the registry requires."""


def header(architecture: str, role: Role | None = None) -> WeightsHeader:
    return WeightsHeader(architecture, "a test", Preprocess(8, 6), role=role)


def test_the_registry_names_these_modules() -> None:
    assert tuple(network_module(known.module) for known in ARCHITECTURES) == MODULES


@pytest.mark.parametrize(
    ("architecture", "role"),
    [("mobilenet_v2", "filter"), ("solar-resnet101", "refine"), ("solar-mobilenet_v2", "refine")],
)
def test_files_without_a_role_have_that_of_their_architecture(architecture: str, role: Role) -> None:
    assert role_of(header(architecture)) == role
    assert role_of(header(architecture, "filter")) == "filter"
    assert '"role"' not in header(architecture).to_json()


def test_published_files_are_recognised_as_architectures_of_the_registry() -> None:
    with torch.device("meta"):
        published = {
            "MobileNetV2": mobilenet.MobileNetDescriptor().state_dict(),
            "SOLAR": solar.SolarDescriptor("resnet18").state_dict(),
            "a ResNet or VGG16 that is pooled": pooled.PooledBackbone("resnet18").state_dict(),
        }
    for known in ARCHITECTURES:
        recognised = network_module(known.module).recognise(published[known.title], {})
        assert recognised is not None
        assert find_architecture(recognised.architecture) is known
        others = (state for title, state in published.items() if title != known.title)
        assert [network_module(known.module).recognise(state, {}) for state in others] == [None, None]


def test_names_that_are_not_in_the_registry() -> None:
    for name in ("mobilenet_v2-large", "resnet18", "solar", ""):
        with pytest.raises(WeightsMismatch, match="knows mobilenet_v2, solar-BACKBONE, pooled-"):
            role_of(header(name, "filter"))


def test_a_role_that_does_not_exist_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    text = header("mobilenet_v2", "refine").to_json().replace("refine", "third")
    safetensors.numpy.save_file({"a": np.ones(1, np.float32)}, path, metadata={"cbvir": text})
    with pytest.raises(WeightsDamaged, match="'third' is no role"):
        read_header(path)


def test_the_published_filter_is_torchvision_s() -> None:
    assert official_sources()[0].url == MobileNet_V2_Weights.IMAGENET1K_V1.url
    assert MobileNet_V2_Weights.IMAGENET1K_V2.url == MOBILENET_V2_URL
    assert PUBLISHED_NAMES[MOBILENET_V2_URL.rpartition("/")[2]] == "IMAGENET1K_V2"


def test_a_role_is_read_without_torch(filter_file: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "import cbvir_core.embed\n"
        "from cbvir_core.weights import find_profile, fingerprint, official_sources, read_header, role_of\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "official_sources(), find_profile('builtin', None), fingerprint(path)\n"
        "assert role_of(read_header(path)) == 'filter'\n"
        "sys.exit(3 if {'torch', 'torchvision', 'openvino', 'httpx'} & set(sys.modules) else 0)\n"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", script, filter_file], cwd=root, check=False).returncode == 0
