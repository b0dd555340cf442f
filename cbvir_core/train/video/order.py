"""Which frames of a clip a view shows, one after the other: S2VS's temporal augmentation."""

from __future__ import annotations

import torch
from torch import Tensor

from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.video.recipe import TemporalAugmentation

BLANK, FOREIGN = -1, -2
"""In place of a frame's number: a blank picture, and a frame of another video."""

PART_FRAMES = (3, 10)
"""Frames of the parts that are exchanged, fewest and most."""


def weak_order(length: int, window: int, draws: RandomDraws) -> Tensor:
    """Return the numbers of `window` frames that follow one another in a clip of `length` frames.

    A clip that is shorter runs slower.
    """
    span = min(length, window)
    return _stretched(_start(length - span, draws), span, window)


def strong_order(weak: Tensor, length: int, options: TemporalAugmentation, draws: RandomDraws) -> Tensor:
    """Return the numbers of as many frames as `weak` has, `BLANK` and `FOREIGN` among them.

    Before frames are dropped or give way to foreign ones, at least half of what `weak` shows is shown; by a
    slow view as much of it as the speed leaves.
    """
    chance = float(draws.uniform(1))
    kinds = {
        "shuffle": options.shuffle_p,
        "fast": options.fast_p,
        "slow": options.slow_p,
        "reverse": options.reverse_p,
        "pause": options.pause_p,
    }
    kind = ""
    for name, share in kinds.items():
        if not kind and chance < share:
            kind = name
        chance -= share
    order = _shifted(weak, length, kind, options, draws)
    if kind == "reverse":
        order = order.flip(0)
    elif kind == "pause":
        order = _paused(order, draws)
    elif kind == "shuffle":
        order = _shuffled(order, options.drop_p, draws)
    return _excerpt(order, options, draws)


def _shifted(
    weak: Tensor, length: int, kind: str, options: TemporalAugmentation, draws: RandomDraws
) -> Tensor:
    """Return frames at some speed that show at least half of what the weak view shows."""
    window, first = len(weak), int(weak[0])
    shown = int(weak[-1]) - first + 1
    speed = 1.0
    if kind in ("fast", "slow"):
        speed = float(draws.log_uniform(1, low=1.1, high=max(1.11, options.speed_max)))
        speed = speed if kind == "fast" else 1.0 / speed
    span = max(2, min(length, round(shown * speed)))
    before, after = span - shown // 2, shown // 2
    if span < shown:  # a slow view shows less than the weak one; it lies within it
        before, after = 0, shown - span
    start = first + after - _start(before + after, draws)
    return _stretched(max(0, min(start, length - span)), span, window)


def _paused(order: Tensor, draws: RandomDraws) -> Tensor:
    """Hold one frame for a quarter to a half of the view."""
    window = len(order)
    held = window // 4 + _start(window // 4, draws)
    at = _start(window - held, draws)
    return torch.cat([order[:at], order[at].expand(held), order[at:]])[:window]


def _shuffled(order: Tensor, drop_p: float, draws: RandomDraws) -> Tensor:
    """Exchange parts; drop some of them, but never all."""
    parts, at = [], 0
    while at < len(order):
        size = PART_FRAMES[0] + _start(PART_FRAMES[1] - PART_FRAMES[0], draws)
        parts.append(order[at : at + size])
        at += size
    mixed = [parts[number] for number in draws.order(len(parts)).tolist()]
    dropped = draws.happens(len(mixed), drop_p).bool()
    dropped[int(draws.uniform(1) * len(mixed))] = False
    return torch.cat(
        [torch.full_like(part, BLANK) if gone else part for part, gone in zip(mixed, dropped, strict=True)]
    )


def _excerpt(order: Tensor, options: TemporalAugmentation, draws: RandomDraws) -> Tensor:
    """Let another video show before the frames or after them; what is left of them is not dropped ones."""
    happens, before = float(draws.uniform(1)) < options.excerpt_p, float(draws.uniform(1)) < 0.5
    foreign = int(float(draws.uniform(1, high=options.excerpt_max)) * len(order))
    if not happens or not foreign:
        return order
    mixed = order.clone()
    place = slice(0, foreign) if before else slice(len(order) - foreign, len(order))
    mixed[place] = FOREIGN
    return mixed if bool((mixed >= 0).any()) else order


def _stretched(start: int, span: int, window: int) -> Tensor:
    """Return `window` numbers, evenly spread over `span` frames from `start` on."""
    return start + torch.arange(window) * span // window


def _start(most: int, draws: RandomDraws) -> int:
    """Draw a whole number from 0 to `most`, both included."""
    return min(max(0, most), int(float(draws.uniform(1)) * (max(0, most) + 1)))
