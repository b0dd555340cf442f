"""Evidence as a picture: both pictures, outlines of what both show, lines between points, text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from cbvir_core.search.evidence_sheet import (
    HEAD,
    MAX_SHOWN_SIDE,
    MIN_SHOWN_SIDE,
    OUTLINE_COLOUR,
    evidence_sheet,
)
from cbvir_core.search.sheets import LINE_SPACING, MARGIN, PAPER_COLOUR, TEXT_HEIGHT, LabelledPicture
from cbvir_core.types import Evidence, Image

QUERY = np.full((200, 300, 3), (200, 40, 40), np.uint8)
STILL = np.full((180, 320, 3), (40, 40, 200), np.uint8)


PAGE = np.array([[319 / 200, 0, -50 * 319 / 200], [0, 179 / 100, -60 * 179 / 100], [0, 0, 1]])
"""The still lies in the picture from (50, 60) to (250, 160)."""


def evidence(
    *lines: tuple[float, float, float, float], homography: npt.NDArray[np.float64] = PAGE
) -> Evidence:
    points = np.array(lines, np.float32).reshape(-1, 4)
    return Evidence(len(lines), (50.0, 60.0, 250.0, 160.0), homography, points)


def sheet_of(
    query: Image, frame: Image, found: Evidence | None, caption: Sequence[str] = (), label: str = "a frame"
) -> Image:
    return evidence_sheet(
        LabelledPicture(query, "your picture"), LabelledPicture(frame, label), found, caption
    )


def differs(one: Image, other: Image, x: int, y: int) -> bool:
    """Whether the neighbourhood of a place was drawn on."""
    part = slice(y - 2, y + 3), slice(x - 2, x + 3)
    return bool((one[part] != other[part]).any())


def test_both_pictures_are_whole_without_evidence() -> None:
    sheet = sheet_of(QUERY, STILL, None)
    assert (sheet[HEAD : HEAD + 200, MARGIN : MARGIN + 300] == QUERY).all()
    left = 300 + 2 * MARGIN
    assert (sheet[HEAD : HEAD + 180, left : left + 320] == STILL).all()
    assert (sheet[0, 0] == PAPER_COLOUR).all()


def test_the_region_has_a_frame_and_points_are_joined() -> None:
    bare = sheet_of(QUERY, STILL, None)
    sheet = sheet_of(QUERY, STILL, evidence((100, 100, 10, 20), (200, 150, 300, 170)))
    assert (sheet[HEAD + 60, MARGIN + 150] == OUTLINE_COLOUR).all()
    right = 300 + 2 * MARGIN
    for x, y in [
        (MARGIN + 100, HEAD + 100),
        (right + 10, HEAD + 20),
        (MARGIN + 200, HEAD + 150),
        (right + 300, HEAD + 170),
    ]:
        assert differs(sheet, bare, x, y)
    middle = (MARGIN + 100 + right + 10) // 2, HEAD + 60
    assert differs(sheet, bare, *middle)
    assert not differs(sheet, bare, MARGIN + 20, HEAD + 20)


def test_large_pictures_are_shrunk_with_what_is_drawn_on_them() -> None:
    large = np.full((1440, 2 * MAX_SHOWN_SIDE, 3), 90, np.uint8)
    seen = evidence((1000, 1000, 0, 0))
    bare, sheet = (sheet_of(large, STILL, one) for one in (None, seen))
    assert differs(sheet, bare, MARGIN + 500, HEAD + 500)
    assert sheet.shape[1] == MAX_SHOWN_SIDE + 320 + 3 * MARGIN


RIGHT = MARGIN + 300 + MARGIN
FLIP = np.array([[-1.0, 0, 299], [0, 1, 0], [0, 0, 1]])


def framed(sheet: Image, x: int, y: int) -> bool:
    return bool((sheet[y - 2 : y + 3, x - 2 : x + 3] == OUTLINE_COLOUR).all(axis=2).any())


def test_of_a_crop_the_whole_picture_and_a_part_of_the_still_are_framed() -> None:
    """The picture shows the still at half its size, from (100, 40) on; the rest of the still is outside."""
    crop = np.array([[0.5, 0, 100], [0, 0.5, 40], [0, 0, 1]])
    sheet = sheet_of(QUERY, STILL, evidence(homography=crop))
    for x, y in [(0, 100), (299, 100), (150, 0), (150, 199)]:
        assert framed(sheet, MARGIN + x, HEAD + y)
    for x, y in [(100, 90), (249, 90), (175, 40), (175, 139)]:
        assert framed(sheet, RIGHT + x, HEAD + y)
    for x, y in [(0, 90), (319, 90), (175, 0), (175, 179)]:
        assert not framed(sheet, RIGHT + x, HEAD + y)


def test_of_a_mirrored_page_the_part_is_framed_where_it_is() -> None:
    farther_left = np.array([[1.0, 0, 30], [0, 1, 0], [0, 0, 1]])
    sheet = sheet_of(QUERY, STILL, evidence(homography=PAGE @ farther_left @ FLIP))
    for x in (20, 220):
        assert framed(sheet, MARGIN + 299 - x, HEAD + 110)
        assert not framed(sheet, MARGIN + x, HEAD + 110)
    for x in (0, 319):
        assert framed(sheet, RIGHT + x, HEAD + 90)


def test_a_turned_part_has_a_turned_frame() -> None:
    turn = np.array([[np.cos(0.5), -np.sin(0.5), 60], [np.sin(0.5), np.cos(0.5), -90], [0, 0, 1]])
    sheet = sheet_of(QUERY, STILL, evidence(homography=turn))
    inverse = np.linalg.inv(turn)
    for share in (0.3, 0.4):  # on the still's upper edge
        x, y, _ = inverse @ (319 * share, 0, 1)
        assert framed(sheet, MARGIN + round(x), HEAD + round(y))
    x, y, _ = inverse @ (100, 40, 1)
    assert not framed(sheet, MARGIN + round(x), HEAD + round(y))


def test_a_thumbnail_is_enlarged_with_what_is_drawn_on_it() -> None:
    small = np.full((54, 96, 3), 90, np.uint8)
    same = np.diag([319 / 95, 179 / 53, 1.0])
    sheet = sheet_of(small, STILL, evidence((48, 27, 160, 90), homography=same))
    assert sheet.shape[1] == MIN_SHOWN_SIDE + 320 + 3 * MARGIN
    bare = sheet_of(small, STILL, None)
    assert differs(sheet, bare, MARGIN + MIN_SHOWN_SIDE // 2, HEAD + MIN_SHOWN_SIDE * 54 // 96 // 2)
    assert framed(sheet, MARGIN + MIN_SHOWN_SIDE - 2, HEAD + 60)


@pytest.mark.parametrize("text", ["", "/media/Архив/日本.mp4", "x" * 400, "a\ud800b"])
def test_any_text_is_written_and_stays_on_the_sheet(text: str) -> None:
    sheet = sheet_of(QUERY, STILL, None, [text, "second"])
    bare = sheet_of(QUERY, STILL, None, ["", ""])
    assert sheet.shape == bare.shape
    assert (sheet[:, -MARGIN // 2 :] == PAPER_COLOUR).all()
    assert (sheet[:, : MARGIN // 2] == PAPER_COLOUR).all()
    assert (sheet != bare).any()


def test_each_picture_has_its_label_above_it() -> None:
    labelled = sheet_of(QUERY, STILL, None, label="film.mp4 at 0:05.20")
    plain = sheet_of(QUERY, STILL, None, label="")
    above = slice(0, HEAD - 1)
    assert (labelled[above, :RIGHT] == plain[above, :RIGHT]).all()
    assert (plain[above, MARGIN:RIGHT] != PAPER_COLOUR).any(), "the query's label"
    assert (labelled[above, RIGHT:] != plain[above, RIGHT:]).any()
    assert (labelled[HEAD:] == plain[HEAD:]).all()


def test_a_label_that_is_too_long_does_not_reach_over_its_picture() -> None:
    sheet = sheet_of(QUERY, STILL, None, label=f"{'x' * 300} at 0:05.20")
    assert (sheet[: HEAD - 1, RIGHT + 320 :] == PAPER_COLOUR).all()


def test_the_first_line_says_whether_anything_agrees() -> None:
    below = slice(HEAD + 200 + MARGIN, HEAD + 200 + MARGIN + TEXT_HEIGHT + LINE_SPACING)
    nothing = sheet_of(QUERY, STILL, None)
    two, three = (sheet_of(QUERY, STILL, evidence(*count * [(100, 100, 10, 20)])) for count in (2, 3))
    assert (nothing[below] != PAPER_COLOUR).any()
    assert (nothing[below] != two[below]).any()
    assert (two[below] != three[below]).any()


def test_a_sentence_that_is_too_long_goes_on_in_the_next_line() -> None:
    short, long = (sheet_of(QUERY, STILL, None, ["a word or two " * times]) for times in (1, 12))
    assert long.shape[0] > short.shape[0]
    assert (long[:, : MARGIN // 2] == PAPER_COLOUR).all()
    assert (long[:, -MARGIN // 2 :] == PAPER_COLOUR).all()
