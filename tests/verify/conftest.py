"""The clips that the tests of this package share."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.clips import CLIPS, Clip, read_clip


@pytest.fixture(scope="session")
def clips(shared: Path) -> list[Clip]:
    return [read_clip(shared / "videos" / name) for name in CLIPS]
