"""Fixtures for tests of weights and networks: small networks, pictures, a cache of conversions."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbvir_core.types import Image
from support.conversions import encoder_cache
from support.networks import painted, seeded_filter, seeded_solar


@pytest.fixture(scope="session")
def filter_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_filter(tmp_path_factory.mktemp("filter") / "filter.safetensors")


@pytest.fixture(scope="session")
def solar_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_solar(tmp_path_factory.mktemp("solar") / "refine.safetensors")


@pytest.fixture(scope="session")
def pictures() -> list[Image]:
    """Return twelve pictures of three shapes."""
    return painted(5, 6, 256, 144) + painted(6, 3, 160, 120) + painted(7, 3, 120, 200)


@pytest.fixture(scope="session")
def imagenet(shared: Path) -> Path:
    path = shared / "weights" / "mobilenet_v2_imagenet_dequantised.safetensors"
    if not path.exists():
        pytest.skip("the ImageNet weights are not in the folder ../shared")
    return path


@pytest.fixture(scope="session")
def cache() -> Path:
    """Return the folder that keeps converted networks."""
    return encoder_cache()
