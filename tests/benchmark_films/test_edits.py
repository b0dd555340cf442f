"""The edits that only the benchmark of films has."""

from __future__ import annotations

import numpy as np
import pytest

from bench.films.edits import (
    EDIT_KINDS,
    OF_ONE_FRAME,
    OF_SEVERAL_FRAMES,
    colours,
    cropping,
    edited,
    frames_in,
)
from bench.films.edits.screenshots import BROWSER_SIZE, PHONE_SIZE
from bench.films.edits.several import COLLAGE_CELL, SHEET_CELL
from bench.films.plan import FILM_SIZE
from bench.retrieval.perturbations import PERTURBATIONS, UNEDITED, perturbed
from cbvir_core.types import Image
from support.networks import painted

NEW_KINDS = (*OF_ONE_FRAME, *OF_SEVERAL_FRAMES)

WITHOUT_CHANCE = ("turned 90", "turned 180", "turned 270", "thumbnail 120", "thumbnail 64")
"""Kinds in which little or nothing is left to chance."""


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    """Nine frames of films, at their size."""
    return painted(5, 9, *FILM_SIZE)


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_an_edit_is_another_picture_and_always_the_same(frames: list[Image], kind: str) -> None:
    shown = frames[: frames_in(kind)]
    before = [one.copy() for one in shown]
    one, again, other = (edited(shown, kind, key, 0) for key in ("a", "a", "b"))
    assert one.dtype == np.uint8
    assert one.ndim == 3
    assert one.shape[2] == 3
    assert np.array_equal(one, again)
    if kind not in WITHOUT_CHANCE:
        assert one.shape != other.shape or not np.array_equal(one, other)
    assert one.shape != shown[0].shape or not np.array_equal(one, shown[0])
    assert all(np.array_equal(old, new) for old, new in zip(before, shown, strict=True))
    assert one.std() > 10


def test_there_are_as_many_kinds_as_the_benchmark_promises() -> None:
    assert len(EDIT_KINDS) == len(set(EDIT_KINDS))
    assert len(EDIT_KINDS) - 1 >= 20
    assert EDIT_KINDS[0] == UNEDITED
    assert set(PERTURBATIONS) < set(EDIT_KINDS)


def test_the_perturbations_are_those_of_the_other_benchmark(frames: list[Image]) -> None:
    for kind in ("mirror", "grey", "caption"):
        assert np.array_equal(edited(frames, kind, "a", 3), perturbed(frames[0], kind, "a", 3))


@pytest.mark.parametrize(("kind", "share"), [("crop 60", 0.6), ("crop 40", 0.4), ("crop 25", 0.25)])
def test_a_crop_keeps_its_share_of_each_side_and_is_a_part(
    frames: list[Image], kind: str, share: float
) -> None:
    part = edited(frames, kind, "a", 0)
    rows, columns = frames[0].shape[:2]
    assert part.shape == (round(share * rows), round(share * columns), 3)
    corner = part[:2, :2]
    found = [
        (top, left)
        for top in range(rows - part.shape[0] + 1)
        for left in np.flatnonzero((frames[0][top, :, :] == corner[0, 0]).all(axis=1))
        if left <= columns - part.shape[1]
        and np.array_equal(frames[0][top : top + part.shape[0], left : left + part.shape[1]], part)
    ]
    assert found


@pytest.mark.parametrize(("kind", "side"), [("thumbnail 120", 120), ("thumbnail 64", 64)])
def test_thumbnails_have_their_longer_side(frames: list[Image], kind: str, side: int) -> None:
    assert max(edited(frames, kind, "a", 0).shape) == side


def test_four_quarters_are_a_whole_turn(frames: list[Image]) -> None:
    assert np.array_equal(cropping.turned(edited(frames, "turned 270", "a", 0), 1), frames[0])
    assert np.array_equal(cropping.turned(edited(frames, "turned 180", "a", 0), 2), frames[0])
    right = edited(frames, "turned 90", "a", 0)
    assert np.array_equal(right[0, -1], frames[0][0, 0])  # the top left corner is at the top right


def test_hdr_is_flat_and_grey_and_keeps_the_order_of_brightness(frames: list[Image]) -> None:
    shown = edited(frames, "hdr as sdr", "a", 0)
    assert int(shown.max()) < 190
    assert np.ptp(shown, axis=2).mean() < np.ptp(frames[0], axis=2).mean()
    steps = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert (np.diff(edited([steps], "hdr as sdr", "a", 0)[0, :, 1].astype(int)) >= 0).all()


def test_the_quantizer_meets_the_standard() -> None:
    codes = colours.perceptual_quantizer(np.array([0.0, 100.0, 203.0, 1000.0, 10_000.0]))
    assert codes == pytest.approx([0.0, 0.508, 0.581, 0.752, 1.0], abs=1e-3)  # ITU-R BT.2408, table 1


def test_captions_are_outside_of_the_frame(frames: list[Image]) -> None:
    sheet = edited(frames, "captions", "a", 0)
    rows = frames[0].shape[0]
    tops = range(sheet.shape[0] - rows + 1)
    (top,) = [top for top in tops if np.array_equal(sheet[top : top + rows], frames[0])]
    assert 0 < top < sheet.shape[0] - rows


def test_screenshots_have_the_size_of_their_screen(frames: list[Image]) -> None:
    assert edited(frames, "chat", "a", 0).shape == (PHONE_SIZE[1], PHONE_SIZE[0], 3)
    assert edited(frames, "browser", "a", 0).shape == (BROWSER_SIZE[1], BROWSER_SIZE[0], 3)


def test_several_frames_are_all_shown() -> None:
    """With frames of one colour each, all colours are there in equal parts."""
    colour_of = [(20 * number + 30, 120, 250 - 20 * number) for number in range(9)]
    plain = [np.full((720, 1280, 3), colour, np.uint8) for colour in colour_of]
    for kind, cell in (("collage", COLLAGE_CELL), ("contact sheet", SHEET_CELL)):
        count = frames_in(kind)
        sheet = edited(plain[:count], kind, "a", 0)
        areas = [int((sheet == colour).all(axis=2).sum()) for colour in colour_of[:count]]
        assert areas == [cell[0] * cell[1]] * count
