"""Segments end at the cuts of the clip, and nowhere else because of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.align import AlignedSegment, AlignmentPath
from cbvir_core.clips.cuts import ClipCuts
from cbvir_core.keyframes import cut_near
from cbvir_core.types import Image
from support.pieces import PIECE_RATE, write_clip

WIDE, HIGH, TALL = 160, 90, 400
CUT_S = 2.0
NO_PATH = AlignmentPath(np.zeros(0, np.intp), np.zeros(0, np.intp), 0.0)


def panned(seed: int, count: int, step: int) -> list[Image]:
    """A camera that moves over noise as large as things are, `step` pixels from frame to frame."""
    small = np.random.default_rng(seed).integers(0, 256, (HIGH // 10, TALL // 10, 3), np.uint8)
    scene = small.repeat(10, axis=0).repeat(10, axis=1)
    return [np.ascontiguousarray(scene[:, step * at : step * at + WIDE]) for at in range(count)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots with a cut at `CUT_S`, the second with a fast camera."""
    count = int(CUT_S * PIECE_RATE)
    return write_clip(tmp_path_factory.mktemp("cuts") / "clip.mp4", panned(0, count, 1) + panned(1, count, 3))


@pytest.mark.parametrize("time_s", [CUT_S - 0.4, CUT_S - 0.1, CUT_S, CUT_S + 0.3])
def test_a_cut_is_found_to_a_frame(clip: Path, time_s: float) -> None:
    assert cut_near(clip, time_s) == pytest.approx(CUT_S, abs=1e-3)


@pytest.mark.parametrize("time_s", [0.8, 3.2])
def test_a_camera_that_moves_is_no_cut(clip: Path, time_s: float) -> None:
    assert cut_near(clip, time_s) is None


def test_both_ends_follow_in_clip_and_video(clip: Path) -> None:
    cuts = ClipCuts(partial(cut_near, clip), (0.0, 2 * CUT_S))
    first = AlignedSegment((0.0, 1.75), (10.0, 13.5), 2.0, False, 1.0, 1.0, NO_PATH)
    assert cuts.snapped(first).query == pytest.approx((0.0, CUT_S), abs=1e-3)
    assert cuts.snapped(first).span == pytest.approx((10.0, 14.0), abs=1e-3)
    backwards = replace(first, is_reversed=True)
    assert cuts.snapped(backwards).span == pytest.approx((9.5, 13.5), abs=1e-3)
    second = AlignedSegment((2.25, 4.0), (5.25, 7.0), 1.0, False, 1.0, 1.0, NO_PATH)
    assert cuts.snapped(second).query == pytest.approx((CUT_S, 4.0), abs=1e-3)
    assert cuts.snapped(second).span == pytest.approx((5.0, 7.0), abs=1e-3)


def test_the_ends_of_the_clip_stay(clip: Path) -> None:
    whole = AlignedSegment((0.05, 3.95), (1.0, 5.0), 1.0, False, 1.0, 1.0, NO_PATH)
    assert ClipCuts(partial(cut_near, clip), (0.0, 2 * CUT_S)).snapped(whole) == whole


def test_a_segment_is_not_cut_away(clip: Path) -> None:
    short = AlignedSegment((1.7, 2.2), (1.0, 1.5), 1.0, False, 1.0, 1.0, NO_PATH)
    assert ClipCuts(partial(cut_near, clip), (0.0, 2 * CUT_S)).snapped(short) == short
