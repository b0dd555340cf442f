"""A printed picture loses its dots; another picture stays as it is, to the byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.retrieval.photographs import distractors
from cbvir_core.calibration.perturbations import PERTURBATIONS, Perturbation, halftone
from cbvir_core.decode import read_picture
from cbvir_core.search.descreen import MIN_TILE_SIDE, screen_frequency, without_screen
from cbvir_core.types import Image
from support.networks import painted


def correlation(one: Image, other: Image) -> float:
    return float(np.corrcoef(one.mean(axis=-1).ravel(), other.mean(axis=-1).ravel())[0, 1])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99))
def test_the_dots_of_a_print_are_taken_out(seed: int) -> None:
    (image,) = painted(seed, 1, 480, 270)
    printed = halftone(image, np.random.default_rng(seed))
    frequency = screen_frequency(printed)
    assert frequency is not None
    assert 1 / 8 < frequency < 1 / 2, "dots are 3 to 5 pixels apart, along lines at 45 degrees"
    grey = without_screen(printed)
    # Three of the hundred drawings keep a beat of fine dots with the pixels, which is far coarser.
    left = screen_frequency(grey)
    assert left is None or left < frequency / 2
    assert correlation(grey, image) > correlation(printed, image) + 0.05


@pytest.fixture(scope="module")
def photographs(shared: Path) -> list[Image]:
    return [read_picture(data) for _, data in distractors(shared / "distractors", 12)]


@pytest.mark.parametrize("perturb", [one for one in PERTURBATIONS if one is not halftone])
def test_nothing_else_has_a_screen(perturb: Perturbation, photographs: list[Image]) -> None:
    for number, image in enumerate(photographs):
        picture = perturb(image, np.random.default_rng(number))
        assert without_screen(picture) is picture


def test_in_a_small_or_a_blank_picture_none_is_looked_for() -> None:
    checks = np.indices((MIN_TILE_SIDE, MIN_TILE_SIDE)).sum(axis=0) // 2 % 2 * 255
    board = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert screen_frequency(board) is not None
    assert screen_frequency(np.ascontiguousarray(board[1:])) is None
    assert screen_frequency(np.full_like(board, 90)) is None
