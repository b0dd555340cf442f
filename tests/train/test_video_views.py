"""Weak and strong views: what is done to the frames of a clip, and which of them are shown when."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import ConfigError
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe_file import recipe_table, write_recipe
from cbvir_core.train.video.order import BLANK, FOREIGN, strong_order, weak_order
from cbvir_core.train.video.recipe import (
    InsetAugmentation,
    TemporalAugmentation,
    VideoRecipe,
    read_video_recipe,
    video_recipe_from,
)
from cbvir_core.train.video.slides import slide_clips
from cbvir_core.train.video.views import ClipDraws, inset, strong_view, weak_view

NEVER = TemporalAugmentation(shuffle_p=0.0, fast_p=0.0, slow_p=0.0, reverse_p=0.0, pause_p=0.0, excerpt_p=0.0)


def still(value: int, frames: int, side: int = 32) -> torch.Tensor:
    """A clip in which one picture stands still."""
    picture = torch.randint(
        0, 256, (3, side, side), generator=torch.Generator().manual_seed(value), dtype=torch.uint8
    )
    return picture.expand(frames, 3, side, side).clone()


@given(st.integers(2, 80), st.integers(8, 40), st.integers(0, 500))
def test_a_weak_view_shows_frames_that_follow_one_another(length: int, window: int, seed: int) -> None:
    order = weak_order(length, window, RandomDraws(1, seed))
    steps = order.diff()
    assert len(order) == window
    assert 0 <= int(order.min()) <= int(order.max()) < length
    assert set(steps.tolist()) <= ({1} if length >= window else {0, 1})


@given(st.integers(2, 80), st.integers(8, 40), st.integers(0, 500))
def test_a_strong_view_always_shows_something_of_its_clip(length: int, window: int, seed: int) -> None:
    draws = RandomDraws(1, seed)
    order = strong_order(weak_order(length, window, draws), length, TemporalAugmentation(), draws)
    assert len(order) == window
    assert bool((order >= 0).any())
    assert int(order.max()) < length
    assert set(order[order < 0].tolist()) <= {BLANK, FOREIGN}


@given(st.integers(20, 80), st.integers(0, 500), st.sampled_from(["none", "fast_p", "reverse_p"]))
def test_half_of_what_a_weak_view_shows_is_in_the_strong_one(length: int, seed: int, kind: str) -> None:
    options = NEVER if kind == "none" else replace(NEVER, **{kind: 1.0})
    draws = RandomDraws(2, seed)
    weak = weak_order(length, 16, draws)
    strong = strong_order(weak, length, options, draws)
    first, last = int(strong.min()), int(strong.max())
    assert sum(first <= frame <= last for frame in weak.tolist()) >= len(weak) // 2 - 1
    ascending = bool((strong.diff() >= 0).all())
    assert ascending is (kind != "reverse_p")


@given(st.integers(30, 80), st.integers(0, 300))
def test_speeds_pauses_and_parts_do_what_they_say(length: int, seed: int) -> None:
    weak = weak_order(length, 16, RandomDraws(2, seed))

    def shown(kind: str) -> torch.Tensor:
        return strong_order(weak, length, replace(NEVER, **{kind: 1.0}), RandomDraws(3, seed))

    assert int(shown("fast_p").max() - shown("fast_p").min()) > 15
    assert int(shown("slow_p").max() - shown("slow_p").min()) < 15
    assert max(Counter(shown("pause_p").tolist()).values()) >= 16 // 4
    mixed = shown("shuffle_p")
    assert len(set(mixed[mixed >= 0].tolist())) == int((mixed >= 0).sum())
    foreign = strong_order(weak, length, replace(NEVER, excerpt_p=1.0, excerpt_max=0.5), RandomDraws(3, seed))
    assert int((foreign == FOREIGN).sum()) <= 8


def test_dropped_parts_are_really_dropped() -> None:
    weak = weak_order(40, 32, RandomDraws(1, 1))
    options = replace(NEVER, shuffle_p=1.0, drop_p=0.5)
    dropped = [
        int((strong_order(weak, 40, options, RandomDraws(1, seed)) == BLANK).sum()) for seed in range(20)
    ]
    assert 0 < max(dropped) < 32


def test_a_view_is_perturbed_in_one_way_over_all_its_frames() -> None:
    quiet = replace(
        VideoRecipe().strong, noise_p=0.0, caption_p=1.0, rotate_p=1.0, crop_p=1.0, downscale_p=0.0
    )
    recipe = replace(VideoRecipe(), strong=quiet)
    for number in range(6):
        view = strong_view(still(number, 5), still(99, 3), recipe, number)
        assert view.shape == (5, 3, 32, 32)
        assert 0 <= float(view.min()) <= float(view.max()) <= 1
        # Small differences come from tone and blur, which round differently in batches.
        assert float((view - view[:1]).abs().max()) < 1e-4
        assert torch.equal(view, strong_view(still(number, 5), still(99, 3), recipe, number))


def test_views_of_other_numbers_differ() -> None:
    recipe = VideoRecipe()
    one, other = (weak_view(still(1, 4), recipe, number) for number in (1, 2))
    assert float((one - other).abs().max()) > 0.05


@pytest.mark.parametrize("seed", range(12))
def test_one_video_is_laid_over_the_other(seed: int) -> None:
    clip, donor = (
        torch.full((4, 3, 32, 32), 10, dtype=torch.uint8),
        torch.full((2, 3, 32, 32), 200, dtype=torch.uint8),
    )
    options = InsetAugmentation(share=1.0)
    mixed = inset(clip, donor, options, ClipDraws(0, seed))
    own = float((mixed == 10).float().mean())
    assert 0.3**2 * 0.8 <= own <= 1 - 0.3**2 * 0.8
    assert set(mixed.flatten().tolist()) == {10, 200}
    assert torch.equal(mixed, mixed[:1].expand_as(mixed))
    assert inset(clip, donor, InsetAugmentation(share=0.0), ClipDraws(0, seed)) is clip


def test_slides_move_over_photographs_and_use_each_once() -> None:
    draws = np.random.default_rng(0)
    photographs = [(f"{number}.jpg", draws.integers(0, 256, (60, 90, 3), np.uint8)) for number in range(30)]
    clips = list(slide_clips(iter(photographs), 4, 20, 24, 0))
    assert [clip.pixels.shape for clip in clips] == [(20, 3, 24, 24)] * 4
    assert len({clip.source for clip in clips}) == 4
    moved = [(clip.pixels[1:].int() - clip.pixels[:-1].int()).abs().float().mean() for clip in clips]
    assert min(moved) > 0.1
    assert list(slide_clips(iter(photographs[:1]), 4, 60, 24, 0)) == []


def test_a_recipe_is_read_as_it_is_written(tmp_path: Path) -> None:
    recipe = replace(
        VideoRecipe(), batch=5, blocks=(3, 4), temporal=replace(TemporalAugmentation(), drop_p=0.5)
    )
    assert video_recipe_from(recipe_table(recipe)) == recipe
    write_recipe(recipe, tmp_path / "recipe.toml")
    assert read_video_recipe(tmp_path / "recipe.toml") == recipe
    assert read_video_recipe(None) == VideoRecipe()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batchs = 3", "did you mean batch"),
        ("batch = 1", "at least 2"),
        ("window = 4", "window must"),
        ("temporal = 3", "must be a table"),
        ("[temporal]\nfast_p = 0.9", "more than 1"),
        ("[inset]\nshares = 0.9", "did you mean inset.share"),
        ("blocks = 3", "must be a list"),
        ("batch = [", "recipe.toml"),
    ],
)
def test_mistakes_in_a_recipe_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "recipe.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_video_recipe(tmp_path / "recipe.toml")
