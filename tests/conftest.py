"""What tests of every room share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real clips and weights that lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real clips and weights is not here")
    return SHARED
