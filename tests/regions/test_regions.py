"""Proposals: in the picture, distinct, the same every time; pages, chats, players and screens are solved."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.geometry import box_overlap
from cbvir_core.regions import ProposedRegion, RegionKind, extract_region, propose_regions
from cbvir_core.regions.propose import MAX_REGION_OVERLAP
from cbvir_core.types import Image
from support.clips import frames_of
from support.pages import PAGES, Page

CLIPS = (
    "android-demo-app--video1.mp4",
    "android-demo-app--video3.mp4",
    "grounded-sam-2--01_dog.mp4",
    "interactive-examples--flower.webm",
    "mmaction2--demo.mp4",
    "sample-videos--again.mkv",
    "video-llava--sample_demo_3.mp4",
)


@pytest.fixture(scope="module")
def frames(shared: Path) -> list[Image]:
    return frames_of(shared / "videos", CLIPS)


def drawn(name: str, seed: int, frames: list[Image]) -> Page:
    rng = np.random.default_rng(seed)
    return PAGES[name](rng, [frames[i] for i in rng.permutation(len(frames))])


def correlation(one: Image, other: Image) -> float:
    small = [
        cv2.resize(image, (48, 32), interpolation=cv2.INTER_AREA).astype(float) for image in (one, other)
    ]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


@pytest.mark.parametrize("name", PAGES)
def test_the_picture_is_among_the_first_six(frames: list[Image], name: str) -> None:
    right = 0
    for seed in range(6):
        page = drawn(name, seed, frames)
        right += any(overlap_with(region, page) >= 0.8 for region in propose_regions(page.image, 6))
    assert right >= 5


def overlap_with(region: ProposedRegion, page: Page) -> float:
    masks = np.zeros((2, *page.image.shape[:2]), np.uint8)
    left, top, right, bottom = region.box
    corners = region.quad or ((left, top), (right, top), (right, bottom), (left, bottom))
    for mask, quad in zip(masks, (np.array(corners), page.corners), strict=True):
        cv2.fillConvexPoly(mask, np.rint(quad).astype(np.int32), 1)
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_a_photographed_screen_is_straightened(frames: list[Image]) -> None:
    straight, boxed = [], []
    for seed in range(8):
        film = frames[seed % len(frames)]
        page = PAGES["screen"](np.random.default_rng(seed), [film])
        found = propose_regions(page.image, 6)
        straight.append(max(correlation(extract_region(page.image, region), film) for region in found))
        plain = [ProposedRegion(region.box, RegionKind.CROP) for region in found]
        boxed.append(max(correlation(extract_region(page.image, region), film) for region in plain))
    assert np.mean(straight) > 0.9
    assert np.mean(straight) > np.mean(boxed) + 0.1


def test_proposals_do_not_change_from_call_to_call(frames: list[Image]) -> None:
    page = drawn("article", 3, frames)
    assert propose_regions(page.image) == propose_regions(page.image.copy())
    assert propose_regions(page.image, 3) == propose_regions(page.image, 12)[:3]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 12), st.integers(0, 999), st.booleans())
def test_any_picture_gives_distinct_regions_inside_it(
    width: int, height: int, budget: int, seed: int, noisy: bool
) -> None:
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    for _ in range(6):
        x, y, w, h = rng.integers(0, [width, height, width, height])
        part = image[y : y + h + 1, x : x + w + 1]
        part[...] = rng.integers(0, 256, part.shape if noisy else 3)
    found = propose_regions(image, budget)
    assert len(found) <= budget
    assert [region.probability for region in found] == sorted((r.probability for r in found), reverse=True)
    for region in found:
        left, top, right, bottom = region.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert 0 <= region.probability <= 1
        assert min(extract_region(image, region).shape) >= 1
    if min(width, height) > 64:
        boxes = [region.box for region in found if region.quad is None]
        assert all(box_overlap(a, b) < MAX_REGION_OVERLAP + 0.05 for a in boxes for b in boxes if a is not b)


def test_a_picture_of_nothing_gives_crops_only() -> None:
    assert {region.kind for region in propose_regions(np.full((300, 400, 3), 90, np.uint8))} == {
        RegionKind.CROP
    }


def test_extract_of_a_quad_with_level_sides_is_the_box() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    quad = ((20.0, 10.0), (100.0, 10.0), (100.0, 70.0), (20.0, 70.0))
    box = (20, 10, 100, 70)
    cut = extract_region(image, ProposedRegion(box, RegionKind.SCREEN, quad))
    np.testing.assert_array_equal(cut, extract_region(image, ProposedRegion(box, RegionKind.CROP)))
