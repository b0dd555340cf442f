"""Perturbations of the framing: crop, page, bars, mirror, rotation, perspective."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import Augmentation


def reframe(pixels: Tensor, side: int, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Return views with another framing: uint8 N x 3 x S x S -> float N x 3 x side x side in [0, 1]."""
    pictures = pixels.float().div_(255.0)
    homography, boxed = _homographies(len(pictures), options, strength, draws)
    grid = _grid(homography, side)
    views = _sample(pictures, grid, homography)
    inside = (grid.abs().amax(dim=3, keepdim=True) <= 1.0).permute(0, 3, 1, 2)
    if bool(inside.all()):
        return views
    return torch.where(inside, views, _surroundings(pictures, side, boxed, draws))


def _homographies(
    n: int, options: Augmentation, strength: float, draws: RandomDraws
) -> tuple[Tensor, Tensor]:
    """Return maps from view to picture coordinates (both in [-1, 1]), and which views have bars."""
    kind = draws.uniform(n)
    crop = kind < options.crop_p
    page = (kind >= options.crop_p) & (kind < options.crop_p + options.page_p)
    bars = (kind >= 1.0 - options.bars_p) & ~page & ~crop
    scale = torch.ones(n, 2, device=kind.device)
    smallest = 1.0 - strength * (1.0 - options.crop_min)
    scale = torch.where(crop[:, None], draws.uniform(n, 1, low=smallest, high=1.0), scale)
    largest = 1.0 + strength * (options.page_max - 1.0)
    scale = torch.where(page[:, None], 1.05 * draws.log_uniform(n, 1, low=1.0, high=largest), scale)
    stretch = 1.0 + strength * options.stretch
    loose = (crop | page)[:, None]
    scale = torch.where(loose, scale * draws.log_uniform(n, 2, low=1.0 / stretch, high=stretch), scale)
    axis = F.one_hot((draws.uniform(n) < 0.6).long(), 2)
    thick = draws.uniform(n, 1, low=1.08, high=1.0 + 0.8 * strength)
    scale = torch.where(bars[:, None], 1.0 + axis * (thick - 1.0), scale)
    shift = draws.uniform(n, 2, low=-1.0, high=1.0) * (1.0 - scale).abs() * loose
    return _compose(scale, shift, options, strength, draws), bars


def _compose(
    scale: Tensor, shift: Tensor, options: Augmentation, strength: float, draws: RandomDraws
) -> Tensor:
    n = len(scale)
    turned = draws.happens(n, options.rotate_p * strength)
    angle = torch.deg2rad(draws.normal(n).clamp(-2.0, 2.0) * options.rotate_deg) * turned
    mirror = 1.0 - 2.0 * draws.happens(n, options.mirror_p)
    tilted = draws.happens(n, options.perspective_p * strength)
    matrix = torch.zeros(n, 3, 3, device=scale.device)
    matrix[:, 0, 0] = scale[:, 0] * mirror * angle.cos()
    matrix[:, 0, 1] = -scale[:, 0] * mirror * angle.sin()
    matrix[:, 1, 0] = scale[:, 1] * angle.sin()
    matrix[:, 1, 1] = scale[:, 1] * angle.cos()
    matrix[:, :2, 2] = shift
    tilt = draws.uniform(n, 2, low=-options.perspective, high=options.perspective)
    matrix[:, 2, :2] = tilt * tilted[:, None]
    matrix[:, 2, 2] = 1.0
    return matrix


def _grid(homography: Tensor, side: int) -> Tensor:
    line = (torch.arange(side, device=homography.device) + 0.5) * (2.0 / side) - 1.0
    y, x = torch.meshgrid(line, line, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)], dim=-1).reshape(1, -1, 3)
    mapped = points @ homography.transpose(1, 2)
    return (mapped[..., :2] / mapped[..., 2:]).reshape(-1, side, side, 2)


def _sample(pictures: Tensor, grid: Tensor, homography: Tensor) -> Tensor:
    """Bilinear samples; pictures that shrink by much are read from a half-size copy, against aliasing."""
    side = grid.shape[1]
    shrink = homography[:, :2, :2].norm(dim=2).amax(dim=1) * (pictures.shape[-1] / side)
    views = torch.empty(len(pictures), 3, side, side, device=pictures.device)
    for pool, chosen in ((1, shrink < 1.7), (2, (shrink >= 1.7) & (shrink < 3.0)), (3, shrink >= 3.0)):
        if bool(chosen.any()):
            source = F.avg_pool2d(pictures[chosen], pool) if pool > 1 else pictures[chosen]
            views[chosen] = F.grid_sample(source, grid[chosen], padding_mode="border", align_corners=False)
    return views


def _surroundings(pictures: Tensor, side: int, boxed: Tensor, draws: RandomDraws) -> Tensor:
    """Return what surrounds the pictures: dark bars, a page with lines of text, or another picture."""
    n = len(pictures)
    paper = torch.where(draws.happens(n, 0.6)[:, None] > 0, draws.uniform(n, 1, low=0.8), draws.uniform(n, 3))
    paper = torch.where(boxed[:, None], draws.happens(n, 0.2)[:, None] * paper, paper)
    blank = paper[:, :, None, None].expand(n, 3, side, side)
    ink = draws.uniform(n, 3)[:, :, None, None]
    page = torch.where(text(n, side, draws) & ~boxed[:, None, None, None], ink, blank)
    other = (draws.happens(n, 0.25) > 0) & ~boxed
    if bool(other.any()):
        shrunk = F.interpolate(pictures.roll(1, dims=0)[other], size=(side, side), mode="bilinear")
        page[other] = shrunk * draws.uniform(int(other.sum()), 1, 1, 1, low=0.3)
    return page


def text(n: int, side: int, draws: RandomDraws, cell: int = 3) -> Tensor:
    """Return masks that look like lines of small print: N x 1 x side x side, boolean."""
    cells = side // cell + 1
    letters = draws.uniform(n, 1, cells, cells) < 0.45
    lines = draws.uniform(n, 1, cells, 1) < 0.35
    columns = draws.uniform(n, 1, 1, cells).cumsum(dim=3).remainder(7.0) < 5.0
    small = (letters & lines & columns).float()
    return F.interpolate(small, scale_factor=cell, mode="nearest")[:, :, :side, :side] > 0.5
