"""Which of the frames that were read fits a query best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from cbvir_core.geometry import Matrix
from cbvir_core.localise.camera import align, camera_motion
from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.pattern import NO_FIT, BlockFit, BlockMask, Pattern, kept_blocks
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.types import Grey

ANCHOR_STRIDE_S = 0.2
"""Distance of the anchors: frames with which a placed query is aligned before the frames between are
compared.  It is well below the half second that an edited query may be off."""

MAX_ANCHORS = 150
"""Anchors at most, and so placements that are aligned with them: those of 750 frames at 25 a second."""

FOLLOWED_ANCHORS = 3
"""How many anchors are followed up, the best first."""

FOLLOWING_ROUNDS = 4
"""How often the best frame under a placement, and the best placement on that frame, are sought at most; it
ends before where neither changes."""

WHOLE_FRAME_TOLERANCE = 0.05
"""How much less a query taken as the whole frame may fit than one that is aligned with each frame anew:
aligning it lets it fit the wrong frame a little better too."""

MIN_ALIGNED_FIT = 0.3
"""A fit below which the query is taken not to lie there, and the camera's motion alone is followed."""


@dataclass(frozen=True, slots=True, eq=False)
class BestFrame:
    """The frame that fits best: its index in the sequence, and how well it fits.

    `placement` maps pixels of the pattern to pixels of the frame; None where the pattern is the whole frame.
    """

    index: int
    fit: float
    placement: Matrix | None = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class KnownPlacement:
    """A frame, by its time, on which the placement of the pattern is known."""

    time_s: float
    placement: Matrix = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFit:
    """A placement of the pattern on a frame, and the fit under it."""

    placement: Matrix = field(repr=False)
    fit: BlockFit


def leading_frame(sequence: FrameSequence, query: LocalisationQuery) -> tuple[int, KnownPlacement | None]:
    """Return the best of a few frames far apart, and the placement of the query on it if it was placed."""
    scores, known = [], []
    for index, frame in enumerate(sequence.frames):
        whole = query.whole.fit(frame, None) if query.whole else None
        pattern = query.placed
        placed = (
            _better_placement(pattern, frame, pattern.placement)
            if pattern and pattern.placement is not None
            else None
        )
        known.append(KnownPlacement(sequence.times_s[index], placed.placement) if placed else None)
        fits = (whole, placed.fit if placed else None)
        scores.append(max(fit.pooled() if fit else NO_FIT for fit in fits))
    best = int(np.argmax(scores))
    return best, known[best]


def best_whole(sequence: FrameSequence, pattern: Pattern) -> BestFrame | None:
    """Return the best frame for a query that shows the whole frame, which needs no placement."""
    return _best(dict(enumerate(pattern.fit_all(sequence.frames, None))), None, None)


def best_placed(
    sequence: FrameSequence, pattern: Pattern, known: KnownPlacement, is_late: Callable[[], bool]
) -> BestFrame | None:
    """Return the best frame for a query whose placement is known on one frame.

    The placement is taken along the camera's motion to an anchor each `ANCHOR_STRIDE_S` and aligned there;
    from the best anchors it is followed to the best frame.  `is_late` ends the search as a last resort.
    """
    stride = _anchor_stride(sequence)
    anchors = placements_along(sequence, pattern, known, stride, is_late)
    if not anchors:
        return None
    kept = kept_blocks([anchor.fit for anchor in anchors.values()])
    order = sorted(anchors, key=lambda index: anchors[index].fit.pooled(kept), reverse=True)
    found = [
        _follow(sequence, pattern, index, anchors[index].placement, kept, stride)
        for index in order[:FOLLOWED_ANCHORS]
        if not is_late()
    ]
    return max((best for best in found if best), key=lambda best: best.fit, default=None)


def placements_along(
    sequence: FrameSequence,
    pattern: Pattern,
    known: KnownPlacement,
    stride: int,
    is_late: Callable[[], bool] = lambda: False,
) -> dict[int, PlacedFit]:
    """Return the placement and the fit on each `stride`-th frame, on both sides of the known one.

    When `is_late` returns True the frames that are left are not compared.
    """
    origin = sequence.nearest(known.time_s)
    indices = range(origin % stride, len(sequence.frames), stride)
    anchors: dict[int, PlacedFit] = {}
    forward = [index for index in indices if index >= origin]
    backward = [index for index in reversed(indices) if index < origin]
    for direction in (forward, backward):
        before, placement = origin, anchors[origin].placement if origin in anchors else known.placement
        for index in direction:
            if is_late():
                break
            carried = placement
            if index != before:
                carried = camera_motion(sequence.frames[before], sequence.frames[index]) @ placement
            before, placement = index, carried
            if (aligned := _better_placement(pattern, sequence.frames[index], carried)) is not None:
                anchors[index] = aligned
                placement = aligned.placement if aligned.fit.pooled() > MIN_ALIGNED_FIT else carried
    return anchors


def _better_placement(pattern: Pattern, frame: Grey, placement: Matrix) -> PlacedFit | None:
    """Return the better fitting of the placement and its alignment; None if both lie off the frame."""
    aligned = align(pattern, frame, placement)
    fits = [(one, pattern.fit(frame, one)) for one in (placement, aligned) if one is not None]
    on_frame = [PlacedFit(one, fit) for one, fit in fits if fit is not None]
    return max(on_frame, key=lambda placed: placed.fit.pooled(), default=None)


def _follow(
    sequence: FrameSequence,
    pattern: Pattern,
    index: int,
    placement: Matrix,
    kept: BlockMask | None,
    stride: int,
) -> BestFrame | None:
    """Follow a placement from an anchor to the best frame around it.

    The true placement is about the same on all frames near by.  So the placement on one frame picks the best
    of its neighbours, and the placement on that one picks again.
    """
    best: BestFrame | None = None
    for number in range(FOLLOWING_ROUNDS):
        near = range(max(0, index - stride - 1), min(len(sequence.frames), index + stride + 2))
        fits = pattern.fit_all(sequence.frames[near.start : near.stop], placement)
        found = _best(dict(zip(near, fits, strict=False)), placement, kept)
        if found is None:
            break
        moved, index = found.index != index, found.index
        best = found if best is None or found.fit > best.fit else best
        aligned = align(pattern, sequence.frames[index], placement)
        if aligned is None or (number > 0 and not moved):
            break
        placement = aligned
    return best


def _best(fits: Mapping[int, BlockFit], placement: Matrix | None, kept: BlockMask | None) -> BestFrame | None:
    if not fits:
        return None
    if kept is None:
        kept = kept_blocks(list(fits.values()))
    scores = {index: fit.pooled(kept) for index, fit in fits.items()}
    index = max(scores, key=lambda index: scores[index])
    return BestFrame(index, scores[index], placement) if scores[index] > NO_FIT else None


def _anchor_stride(sequence: FrameSequence) -> int:
    """Return the number of frames that `ANCHOR_STRIDE_S` is, more where there would be too many anchors."""
    gaps_s = np.diff(sequence.times_s)
    usual_s = float(np.median(gaps_s)) if len(gaps_s) else ANCHOR_STRIDE_S
    least = math.ceil(len(sequence.frames) / MAX_ANCHORS)
    return max(1, least, round(ANCHOR_STRIDE_S / max(usual_s, 1e-3)))
