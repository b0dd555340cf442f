"""How a query lies on the film: whether it is nearly the whole frame."""

from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.geometry import Matrix, mirror, rescale, shift
from cbvir_core.localise.query import LocalisationQuery

STILL = (512, 288)
PICTURE = np.zeros((360, 640, 3), np.uint8)
WHOLE = rescale((640, 360), STILL)


def is_nearly_whole(transform: Matrix | None, mirrored: bool = False) -> bool:
    return LocalisationQuery(PICTURE, transform, mirrored, still=STILL, frame=STILL).is_nearly_whole


@pytest.mark.parametrize(("moved", "nearly"), [((0, 0), True), ((5, -4), True), ((40, 0), False)])
def test_a_picture_whose_corners_are_those_of_the_frame(moved: tuple[int, int], nearly: bool) -> None:
    assert is_nearly_whole(shift(*moved) @ WHOLE) is nearly


def test_a_crop_is_a_part_of_the_frame() -> None:
    assert not is_nearly_whole(shift(50, 30) @ rescale((640, 360), (400, 225)))


def test_a_mirrored_frame_is_the_whole_frame_too() -> None:
    assert is_nearly_whole(WHOLE @ mirror(640), mirrored=True)


def test_without_a_placement_nothing_is_said() -> None:
    assert not is_nearly_whole(None)
