"""Small training data of drawn shapes, and recipes that take seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.train.lesson import LessonMaterial
from cbvir_core.train.origins import frame_name
from cbvir_core.train.recipe import SOLAR_RECIPE, LossWeights, SizeStage, SolarOptions, TrainingRecipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.types import Image
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights

TINY = replace(
    TrainingRecipe(),
    store_side=48,
    teacher_side=32,
    whiten=16,
    batch=4,
    bf16=False,
    held_out=4,
    infer_sides=(32, 64),
    stages=(SizeStage(0.0, 32), SizeStage(0.5, 48)),
    losses=LossWeights(),
)

QUICK = SolarOptions(contrast_until=0.0, mine_rounds=1, mine_side=32, group=2, candidates=4, duplicate=2.0)
"""A `duplicate` of 2 turns that off: to a fresh network all pictures are alike, so it cannot judge them."""


def shapes(seed: int, side: int = 64) -> Image:
    """Draw a picture of coloured discs and bars; each seed gives another one."""
    draws = np.random.default_rng(seed)
    image = np.full((side, side, 3), draws.integers(0, 255, 3), np.uint8)
    for _ in range(6):
        colour = tuple(int(value) for value in draws.integers(0, 255, 3))
        x, y, size = (int(value) for value in draws.integers(4, side - 4, 3))
        cv2.circle(image, (x, y), size // 4, colour, -1)
        cv2.rectangle(image, (y, x), (y + size // 6, x + size // 3), colour[::-1], -1)
    return image


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let no training that sets the number of torch's threads change it for later tests."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny() -> TrainingRecipe:
    return TINY


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 pictures, one of them cut short, and a text file."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(24):
        cv2.imwrite(str(folder / f"{number:02}.jpg"), shapes(number)[:, :, ::-1])
    (folder / "notes.txt").write_text("not a picture")
    (folder / "cut.jpg").write_bytes((folder / "00.jpg").read_bytes()[:300])
    return folder


@pytest.fixture(scope="session")
def pixels() -> Tensor:
    """Twelve pictures, uint8 12 x 3 x 48 x 48."""
    stacked = np.stack([shapes(number, 48).transpose(2, 0, 1) for number in range(12)])
    return torch.from_numpy(stacked)


@pytest.fixture
def report() -> TrainingReport:
    """A report without output."""
    return TrainingReport(Console(quiet=True))


@pytest.fixture
def recipe(tiny: TrainingRecipe) -> TrainingRecipe:
    """A quick recipe for the refinement."""
    return replace(tiny, network="solar", solar=QUICK, losses=SOLAR_RECIPE.losses)


@pytest.fixture
def material(pixels: Tensor) -> LessonMaterial:
    """Twelve pictures, the first four of them frames: 0 and 1 of one scene, 2 and 3 of the same clip."""
    frames = [frame_name("a--b.mp4", scene, float(time)) for time, scene in enumerate((0, 0, 1, 2))]
    return LessonMaterial(pixels, None, names=[*frames, *(f"{number}.jpg" for number in range(8))])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weight file of a filter as a training writes it, with random weights."""
    torch.manual_seed(11)
    path = tmp_path_factory.mktemp("trained") / "filter.safetensors"
    details = {"recipe": {}, "steps": 3, "data": {"pictures": 20}}
    header = WeightsHeader("mobilenet_v2", "a training's", Preprocess(32, 32), details)
    write_weights(path, MobileNetDescriptor(2.5, 16).state_dict(), header)
    return path
