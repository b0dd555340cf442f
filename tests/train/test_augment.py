"""Augmentation keeps shape and range, follows its seed, and changes nothing at strength 0."""

from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from cbvir_core.train import degrade
from cbvir_core.train.augment import augment
from cbvir_core.train.framing import reframe, text
from cbvir_core.train.measure import PERTURBATION_KINDS
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import Augmentation

NOTHING = replace(
    Augmentation(),
    stretch=0.0,
    **{item.name: 0.0 for item in fields(Augmentation) if item.name.endswith("_p")},
)


@pytest.mark.parametrize("kind", PERTURBATION_KINDS)
def test_every_kind_keeps_shape_and_range_and_changes_the_picture(kind: str, pixels: Tensor) -> None:
    views = augment(pixels, 48, PERTURBATION_KINDS[kind], 1.0, RandomDraws(3, 0))
    assert views.shape == (12, 3, 48, 48)
    assert views.dtype == torch.float32
    assert float(views.min()) >= 0.0
    assert float(views.max()) <= 1.0
    assert float((views - pixels / 255.0).abs().mean()) > 0.002


@pytest.mark.parametrize("side", [32, 48, 96])
def test_nothing_happens_where_nothing_may_happen(side: int, pixels: Tensor) -> None:
    views = augment(pixels, side, NOTHING, 1.0, RandomDraws(1, 0))
    assert views.shape[-1] == side
    if side == 48:
        assert torch.allclose(views, pixels / 255.0, atol=2e-3)


def test_the_same_seed_gives_the_same_views_and_another_step_gives_others(pixels: Tensor) -> None:
    def views(seed: int, step: int) -> Tensor:
        return augment(pixels, 48, Augmentation(), 1.0, RandomDraws(seed, step))

    assert torch.equal(views(5, 8), views(5, 8))
    assert not torch.equal(views(5, 8), views(5, 9))
    assert not torch.equal(views(5, 8), views(6, 8))


def test_the_pictures_themselves_are_left_alone(pixels: Tensor) -> None:
    before = pixels.clone()
    augment(pixels, 48, Augmentation(), 1.0, RandomDraws(1, 1))
    assert torch.equal(pixels, before)


def test_mirror_is_a_mirror(pixels: Tensor) -> None:
    views = reframe(pixels, 48, replace(NOTHING, mirror_p=1.0), 1.0, RandomDraws(1, 0))
    assert torch.allclose(views, pixels.flip(3) / 255.0, atol=2e-3)


def test_a_page_holds_the_picture_whole_and_smaller() -> None:
    white = torch.full((64, 3, 48, 48), 255, dtype=torch.uint8)
    views = reframe(white, 96, replace(NOTHING, page_p=1.0, page_max=2.0), 1.0, RandomDraws(2, 0))
    whitest = (views > 0.999).all(dim=1).float().mean(dim=(1, 2))
    # Between 1.05 and 2.1 times zoomed out: at least 1 / 2.1^2 of the view shows it, wherever it lies.
    assert float(whitest.min()) > 0.95 / 2.1**2
    assert float(whitest.median()) < 0.95


def test_bars_lie_on_two_opposite_edges() -> None:
    white = torch.full((32, 3, 48, 48), 255, dtype=torch.uint8)
    views = reframe(white, 96, replace(NOTHING, bars_p=1.0), 1.0, RandomDraws(2, 0)).mean(dim=1)
    lying = (views[:, 0, 48] < 0.999) & (views[:, -1, 48] < 0.999)
    standing = (views[:, 48, 0] < 0.999) & (views[:, 48, -1] < 0.999)
    assert bool((lying ^ standing).all())
    assert bool((views[:, 48, 48] > 0.999).all())


def test_grey_has_no_colour(pixels: Tensor) -> None:
    views = degrade.colour(pixels / 255.0, replace(NOTHING, grey_p=1.0), 1.0, RandomDraws(1, 0))
    assert torch.allclose(views[:, 0], views[:, 1], atol=1e-5)
    assert torch.allclose(views[:, 1], views[:, 2], atol=1e-5)


@pytest.mark.parametrize("perturb", [degrade.blur, degrade.jpeg])
def test_a_flat_picture_stays_flat(perturb: object) -> None:
    flat = torch.full((4, 3, 48, 48), 0.5)
    assert callable(perturb)
    perturbed = perturb(flat.clone(), replace(NOTHING, blur_p=1.0, jpeg_p=1.0), 0.0, RandomDraws(1, 0))
    assert float((perturbed - 0.5).abs().max()) < 0.01


def test_blur_takes_detail_away(pixels: Tensor) -> None:
    def detail(views: Tensor) -> float:
        return float((views[..., 1:] - views[..., :-1]).pow(2).mean())

    sharp = pixels / 255.0
    assert detail(degrade.blur(sharp.clone(), replace(NOTHING, blur_p=1.0), 1.0, RandomDraws(1, 0))) < detail(
        sharp
    )


def test_print_is_some_ink_on_much_paper() -> None:
    masks = text(8, 96, RandomDraws(1, 0))
    assert masks.shape == (8, 1, 96, 96)
    assert 0.03 < float(masks.float().mean()) < 0.3
