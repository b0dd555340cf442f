"""A seeded filter."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.networks import seeded_filter


@pytest.fixture(scope="session")
def filter_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weight file of a small filter."""
    return seeded_filter(tmp_path_factory.mktemp("weights") / "filter.safetensors")
