"""The evidence as a picture: both pictures are in it, the region's frame, lines that end on points, text."""

from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.search.sheet import EDGE, FRAME, PAPER, SIDE, evidence_sheet
from cbvir_core.types import Evidence, Image

ASKED = np.full((200, 300, 3), (200, 40, 40), np.uint8)
FOUND = np.full((180, 320, 3), (40, 40, 200), np.uint8)


def evidence(*lines: tuple[float, float, float, float]) -> Evidence:
    return Evidence(
        len(lines), (50.0, 60.0, 250.0, 160.0), np.eye(3), np.array(lines, np.float32).reshape(-1, 4)
    )


def differs(one: Image, other: Image, x: int, y: int) -> bool:
    """Whether the neighbourhood of a place was drawn on."""
    part = slice(y - 2, y + 3), slice(x - 2, x + 3)
    return bool((one[part] != other[part]).any())


def test_both_pictures_are_whole_without_evidence() -> None:
    sheet = evidence_sheet(ASKED, FOUND, None, [])
    assert (sheet[EDGE : EDGE + 200, EDGE : EDGE + 300] == ASKED).all()
    left = 300 + 2 * EDGE
    assert (sheet[EDGE : EDGE + 180, left : left + 320] == FOUND).all()
    assert (sheet[0, 0] == PAPER).all()


def test_the_region_has_a_frame_and_points_are_joined() -> None:
    bare = evidence_sheet(ASKED, FOUND, None, [])
    sheet = evidence_sheet(ASKED, FOUND, evidence((100, 100, 10, 20), (200, 150, 300, 170)), [])
    assert (sheet[EDGE + 60, EDGE + 150] == FRAME).all()
    right = 300 + 2 * EDGE
    for x, y in [
        (EDGE + 100, EDGE + 100),
        (right + 10, EDGE + 20),
        (EDGE + 200, EDGE + 150),
        (right + 300, EDGE + 170),
    ]:
        assert differs(sheet, bare, x, y)
    middle = (EDGE + 100 + right + 10) // 2, EDGE + 60
    assert differs(sheet, bare, *middle)
    assert not differs(sheet, bare, EDGE + 20, EDGE + 20)


def test_large_pictures_are_shrunk_with_what_is_drawn_on_them() -> None:
    large = np.full((1440, 2 * SIDE, 3), 90, np.uint8)
    seen = Evidence(1, (0.0, 0.0, SIDE, SIDE), np.eye(3), np.array([[1000, 1000, 0, 0]], np.float32))
    bare, sheet = (evidence_sheet(large, FOUND, one, []) for one in (None, seen))
    assert differs(sheet, bare, EDGE + 500, EDGE + 500)
    assert sheet.shape[1] == SIDE + 320 + 3 * EDGE


@pytest.mark.parametrize("text", ["", "/media/Архив/日本.mp4", "x" * 400, "a\ud800b"])
def test_any_text_is_written_and_stays_on_the_sheet(text: str) -> None:
    sheet = evidence_sheet(ASKED, FOUND, None, [text, "second"])
    bare = evidence_sheet(ASKED, FOUND, None, ["", ""])
    assert sheet.shape == bare.shape
    assert (sheet[:, -EDGE // 2 :] == PAPER).all()
    assert (sheet[:, : EDGE // 2] == PAPER).all()
    assert (sheet != bare).any()
