"""The evidence of a segment as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.align import SimilarityMatrix, find_segments
from cbvir_core.clips.segment_sheet import (
    COLUMN_WIDTH,
    LINE_COLOUR,
    MATRIX_HEIGHT,
    PATH_COLOUR,
    drawn_matrix,
    segment_sheet,
)
from cbvir_core.search.sheets import MARGIN, LabelledPicture
from cbvir_core.types import Floats, Image

RED, BLUE = (np.full((180, 320, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200)))


def matrix(backwards: bool = False) -> SimilarityMatrix:
    """A clip of 20 frames that are the frames 30 to 50 of a video of 200, one a second."""
    values: Floats = np.full((20, 200), 0.3, np.float32)
    frames = np.arange(30, 50)
    values[np.arange(20), frames[::-1] if backwards else frames] = 0.9
    return SimilarityMatrix(np.arange(20.0), np.arange(200.0), values)


def has(picture: Image, colour: tuple[int, int, int]) -> bool:
    return bool((picture == np.array(colour)).all(axis=2).any())


@pytest.mark.parametrize("backwards", [False, True])
def test_the_path_runs_through_the_part_that_is_drawn(backwards: bool) -> None:
    shown = matrix(backwards)
    (segment, *_) = find_segments(shown, (0.0, 20.0))
    assert segment.is_reversed == backwards
    picture = drawn_matrix(shown, segment, 600)
    assert picture.shape == (MATRIX_HEIGHT, 600, 3)
    white = np.argwhere((picture == np.array(PATH_COLOUR)).all(axis=2))
    across, down = white[:, 1], white[:, 0]
    assert across.min() < 40
    assert across.max() > 560
    assert (np.corrcoef(across, down)[0, 1] < -0.9) == backwards
    assert has(picture, LINE_COLOUR)


def test_frames_stand_above_each_other() -> None:
    shown = matrix()
    (segment, *_) = find_segments(shown, (0.0, 20.0))
    pair = LabelledPicture(RED, "clip 0:01.00"), LabelledPicture(BLUE, "video 0:31.00")
    sheet = segment_sheet(shown, segment, [pair, pair], ["match 0.98", "/films/" + "long" * 60 + ".mp4"])
    assert sheet.shape[1] == 2 * (COLUMN_WIDTH + MARGIN) + MARGIN
    red = np.argwhere((sheet == np.array((200, 30, 30))).all(axis=2))
    blue = np.argwhere((sheet == np.array((30, 30, 200))).all(axis=2))
    assert red[:, 0].max() < blue[:, 0].min()
    assert red[:, 1].max() > COLUMN_WIDTH  # in both columns


def test_a_segment_without_pictures_has_its_matrix() -> None:
    shown = matrix()
    (segment, *_) = find_segments(shown, (0.0, 20.0))
    assert segment_sheet(shown, segment, [], []).shape[0] > MATRIX_HEIGHT
