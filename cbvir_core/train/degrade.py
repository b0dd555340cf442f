"""Perturbations of pixels: colour, blur, scaling, JPEG, noise, captions, logos, screens.

Each function takes views, float N x 3 x H x W in [0, 1], returns them, and may change them in place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train.framing import text
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.recipe import Augmentation

_LUMA = (0.299, 0.587, 0.114)
_SEPIA = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))


def colour(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Change gamma, contrast, brightness, tint and saturation, or make grey or sepia.

    Each picture gets one gamma and one colour matrix.
    """
    n = len(views)
    toned = draws.happens(n, options.tone_p)
    gamma = draws.log_uniform(n, low=1.0 / (1.0 + 0.8 * strength), high=1.0 + 0.8 * strength) ** toned
    contrast = draws.log_uniform(n, low=1.0 / (1.0 + 0.6 * strength), high=1.0 + 0.5 * strength) ** toned
    bright = draws.uniform(n, low=-0.18, high=0.18) * strength * toned
    matrix = _saturation(n, options, draws)
    tint = 1.0 + draws.uniform(n, 3, low=-0.2, high=0.2) * draws.happens(n, options.tint_p)[:, None]
    matrix = matrix * (tint * contrast[:, None])[:, :, None]
    offset = (0.5 * (1.0 - contrast) + bright)[:, None, None]
    flat = views.clamp(1e-4, 1.0).flatten(2) ** gamma[:, None, None]
    return (torch.baddbmm(offset.expand(n, 3, 1), matrix, flat)).view_as(views).clamp_(0.0, 1.0)


def _saturation(n: int, options: Augmentation, draws: RandomDraws) -> Tensor:
    same = torch.eye(3, device=draws.device)
    grey = torch.tensor(_LUMA, device=draws.device).expand(3, 3)
    kept = 1.0 + draws.uniform(n, low=-0.6, high=0.5) * draws.happens(n, options.saturation_p)
    kept = kept * (1.0 - draws.happens(n, options.grey_p))
    matrix = grey + kept[:, None, None] * (same - grey)
    sepia = draws.happens(n, options.sepia_p)[:, None, None] > 0
    return torch.where(sepia, torch.tensor(_SEPIA, device=draws.device), matrix)


def blur(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Blur some pictures by a Gaussian of up to 1.4 pixels."""
    rows = draws.chosen(len(views), options.blur_p)
    if not len(rows):
        return views
    sigma = draws.uniform(len(rows), 1, low=0.4, high=0.4 + strength)
    taps = torch.exp(-0.5 * (torch.arange(-3, 4, device=views.device) / sigma) ** 2)
    taps = (taps / taps.sum(dim=1, keepdim=True)).repeat_interleave(3, dim=0)
    planes = views[rows].flatten(0, 1)[None]
    across = F.conv2d(F.pad(planes, (3, 3, 0, 0), "replicate"), taps[:, None, None, :], groups=len(taps))
    down = F.conv2d(F.pad(across, (0, 0, 3, 3), "replicate"), taps[:, None, :, None], groups=len(taps))
    views[rows] = down[0].reshape(len(rows), 3, *views.shape[2:])
    return views


def downscale(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Scale some pictures down and up again; each half of the chosen ones has one factor."""
    side = views.shape[-1]
    for half in draws.chosen(len(views), options.downscale_p).chunk(2):
        small = max(8, round(side * float(draws.uniform(1, low=1.0 - 0.6 * strength, high=1.0))))
        if len(half):
            shrunk = F.interpolate(views[half], size=(small, small), mode="area")
            views[half] = F.interpolate(shrunk, size=(side, side), mode="bilinear")
    return views


def jpeg(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Add block artefacts by coarse quantisation of 8 x 8 cosine transforms; sides must be divisible by 8."""
    rows = draws.chosen(len(views), options.jpeg_p)
    if not len(rows):
        return views
    count, side = len(rows), views.shape[-1]
    basis = _cosines(views.device)
    step = draws.log_uniform(count, 1, 1, 1, 1, 1, low=0.01, high=0.01 + 0.07 * strength)
    ramp = torch.arange(8, device=views.device)
    table = 1.0 + 0.5 * (ramp[:, None] + ramp)
    blocks = views[rows].view(count, 3, side // 8, 8, side // 8, 8).transpose(3, 4)
    waves = basis @ blocks @ basis.T
    coarse = step * table
    rounded = (waves / coarse).round_() * coarse
    views[rows] = (basis.T @ rounded @ basis).transpose(3, 4).reshape(count, 3, side, side).clamp_(0.0, 1.0)
    return views


def _cosines(device: torch.device) -> Tensor:
    k = torch.arange(8, device=device, dtype=torch.float32)
    basis = torch.cos(math.pi * (2 * k[None] + 1) * k[:, None] / 16.0) * 0.5
    basis[0] *= math.sqrt(0.5)
    return basis


def noise(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Add noise of a standard deviation of up to 0.08."""
    rows = draws.chosen(len(views), options.noise_p)
    if len(rows):
        amount = draws.uniform(len(rows), 1, 1, 1, low=0.01, high=0.01 + 0.07 * strength)
        views[rows] += draws.normal(len(rows), *views.shape[1:]) * amount
    return views


def caption(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Draw a bar with print along the lower or upper edge, opaque or half transparent."""
    rows = draws.chosen(len(views), options.caption_p)
    n, side = len(rows), views.shape[-1]
    if not n:
        return views
    height = draws.uniform(n, low=0.06, high=0.08 + 0.17 * strength)
    gap = draws.uniform(n, low=0.0, high=0.08)
    y = (torch.arange(side, device=views.device) + 0.5) / side
    y = torch.where(draws.happens(n, 0.75)[:, None] > 0, 1.0 - y, y)
    band = ((y >= gap[:, None]) & (y < (gap + height)[:, None]))[:, None, :, None]
    opaque = draws.happens(n, 0.6) * draws.uniform(n, low=0.5, high=1.0)
    paper, ink = draws.uniform(n, 3)[:, :, None, None], draws.uniform(n, 3)[:, :, None, None]
    chosen = views[rows]
    under = torch.where(
        band, torch.lerp(chosen, paper.expand_as(chosen), opaque[:, None, None, None]), chosen
    )
    views[rows] = torch.where(band & text(n, side, draws), ink, under)
    return views


def logo(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Draw a small patch of another picture or of one colour near a corner."""
    rows = draws.chosen(len(views), options.logo_p)
    n, side = len(rows), views.shape[-1]
    if not n:
        return views
    size = draws.uniform(n, 2, low=0.05, high=0.08 + 0.14 * strength)
    corner = draws.happens(n * 2, 0.5).view(n, 2)
    margin = draws.uniform(n, 2, low=0.0, high=0.12)
    start = torch.where(corner > 0, 1.0 - margin - size, margin)
    line = (torch.arange(side, device=views.device) + 0.5) / side
    hit = (line >= start[:, :, None]) & (line < (start + size)[:, :, None])
    patch = (hit[:, 0, :, None] & hit[:, 1, None, :])[:, None]
    chosen = views[rows]
    plain = draws.happens(n, 0.6)[:, None, None, None] > 0
    filling = torch.where(plain, draws.uniform(n, 3)[:, :, None, None], chosen.roll(1, dims=0))
    views[rows] = torch.where(patch, filling, chosen)
    return views


def screen(views: Tensor, options: Augmentation, strength: float, draws: RandomDraws) -> Tensor:
    """Add the moire of a photographed screen, and the glare of a lamp in it."""
    side = views.shape[-1]
    line = torch.linspace(-1.0, 1.0, side, device=views.device)
    rows = draws.chosen(len(views), options.screen_p)
    if n := len(rows):
        wave = draws.uniform(n, 2, low=-60.0, high=60.0)
        phase = draws.uniform(n, 1, 3, 1, 1, high=2.0 * math.pi)[:, 0]
        angle = wave[:, 0, None, None] * line[:, None] + wave[:, 1, None, None] * line
        views[rows] *= 1.0 + draws.uniform(n, 1, 1, 1, high=0.15 * strength) * torch.sin(
            angle[:, None] + phase
        )
    rows = draws.chosen(len(views), options.glare_p)
    if n := len(rows):
        centre = draws.uniform(n, 2, 1, 1, low=-1.0)
        apart = (line[:, None] - centre[:, 0]) ** 2 + (line - centre[:, 1]) ** 2
        spot = torch.exp(-apart / draws.uniform(n, 1, 1, low=0.03, high=0.5))
        views[rows] += (spot * draws.uniform(n, 1, 1, high=0.7 * strength))[:, None]
    return views
