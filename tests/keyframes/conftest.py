"""Drawn films that no default was chosen on, and frames made by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.types import Frame, Image
from support.films import Film, draw_film

HELD_OUT = range(1001, 1011)  # the defaults were chosen on seeds 101 to 112 and 201 to 225


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Ten films of 16 shots with known cuts."""
    folder = tmp_path_factory.mktemp("drawn")
    return [
        draw_film(folder / f"{seed}.mp4", seed=seed, shots=16, size=(256, 144), rate=12) for seed in HELD_OUT
    ]


@pytest.fixture(scope="session")
def picture() -> Callable[[int], Image]:
    """A different textured picture for every number."""

    def make(number: int) -> Image:
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 256, (5, 8, 3), dtype=np.uint8)
        return np.asarray(cv2.resize(coarse, (160, 90), interpolation=cv2.INTER_NEAREST), np.uint8)

    return make


@pytest.fixture(scope="session")
def frames() -> Callable[[list[Image]], list[Frame]]:
    """Frames of these pictures, three a second."""

    def make(pictures: list[Image]) -> list[Frame]:
        return [Frame(Fraction(number, 3), picture) for number, picture in enumerate(pictures)]

    return make


@pytest.fixture(scope="session")
def clips(shared: Path) -> Path:
    """The folder of real clips."""
    return shared / "videos"
