"""Captioned and blurred bars are found; frames without bars stay whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.borders.still import content_box
from cbvir_core.decode import fit_within
from cbvir_core.types import Image
from support.clips import frames_of
from support.pages import BOXED

CLIPS = (
    "android-demo-app--video1.mp4",
    "grounded-sam-2--01_dog.mp4",
    "interactive-examples--flower.webm",
    "sample-videos--again.mkv",
    "video-llava--sample_demo_3.mp4",
)


@pytest.fixture(scope="module")
def frames(shared: Path) -> list[Image]:
    return frames_of(shared / "videos", CLIPS, each=3, samples_per_s=0.5)


@pytest.mark.parametrize(("name", "least"), [("window", 0.9), ("captioned", 0.7), ("blurred", 0.7)])
def test_most_boxes_are_right(frames: list[Image], name: str, least: float) -> None:
    right = []
    for number in range(len(frames)):
        page = BOXED[name](np.random.default_rng(number), [frames[number]])
        small = fit_within(page.image, 512)
        truth = np.array(page.box) * (small.shape[1] / page.image.shape[1])
        found = content_box(small)
        right.append(found is not None and np.abs(np.array(found) - truth).max() <= 6)
    assert np.mean(right) >= least


def test_frames_without_bars_stay_whole(frames: list[Image]) -> None:
    assert [content_box(frame) for frame in frames] == [None] * len(frames)
