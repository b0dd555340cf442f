"""Scenes of a camera that stands still are told apart by the little that differs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cbvir_core.decode import thumbnail
from cbvir_core.geometry import shift
from cbvir_core.localise import scene_fits
from cbvir_core.types import Image, Thumbnails

SIZE = (512, 288)
"""Width and height of the stills."""


def view(x: int) -> Image:
    """Return a textured place in which a small figure stands at `x`."""
    rng = np.random.default_rng(7)
    cells = rng.integers(0, 255, (18, 32, 3), dtype=np.uint8)
    place = cv2.resize(cells, SIZE, interpolation=cv2.INTER_CUBIC)
    figure = cv2.resize(
        rng.integers(0, 255, (6, 4, 3), dtype=np.uint8), (48, 96), interpolation=cv2.INTER_NEAREST
    )
    place[150:246, x : x + 48] = figure
    return np.asarray(place, np.uint8)


def scene(*xs: int) -> Thumbnails:
    """Return the thumbnails of a scene in which the figure stands there, one after the other."""
    frames = np.stack([thumbnail(view(x)) for x in xs])
    return Thumbnails(np.arange(len(xs)) / 3, frames)


SCENES = [scene(20, 40, 60), scene(200, 220, 240), scene(380, 400)]


def query(x: int) -> Image:
    noise = np.random.default_rng(1).normal(0, 4, (SIZE[1], SIZE[0], 3))
    return np.clip(view(x) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("x", "number"), [(40, 0), (225, 1), (398, 2)])
def test_the_scene_with_the_figure_at_its_place_fits_best(x: int, number: int) -> None:
    fits = scene_fits(SCENES, query(x), still=SIZE)
    assert int(np.argmax(fits)) == number
    assert fits[number] - np.delete(fits, number).max() > 0.1


def test_features_of_another_scene_that_lay_it_beside_do_not_matter() -> None:
    aside = shift(9, -6)
    assert int(np.argmax(scene_fits(SCENES, query(225), still=SIZE, transform=aside))) == 1


def test_a_part_of_the_frame_is_compared_where_it_lies() -> None:
    left, top = 180, 100
    part = np.ascontiguousarray(query(225)[top:, left : left + 200])
    fits = scene_fits(SCENES, part, still=SIZE, transform=shift(left, top))
    assert int(np.argmax(fits)) == 1


def test_scenes_without_thumbnails_fit_nothing() -> None:
    empty = Thumbnails(np.zeros(0), np.zeros((0, 1, 1), np.uint8))
    assert scene_fits([], query(40), still=SIZE).tolist() == []
    assert scene_fits([empty], query(40), still=SIZE).tolist() == [-1.0]
    assert scene_fits([empty, SCENES[0]], query(40), still=SIZE)[0] == -1.0
