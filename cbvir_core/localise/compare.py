"""Which of the frames that were seen fits a query best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.geometry import Matrix
from cbvir_core.localise.camera import laid, motion
from cbvir_core.localise.frames import Budget, Look
from cbvir_core.localise.pattern import NO_FIT, BlockFit, Pattern, kept_blocks
from cbvir_core.localise.query import Question
from cbvir_core.types import Grey

Kept = npt.NDArray[np.bool_] | None

STRIDE_S = 0.2
"""Distance of the frames on which a placed query is laid before those between are looked at: well below
the half second that an edited query may be off."""

LEADS = 3
"""How many of them are followed up."""

ROUNDS = 4
"""Best frame under a map, best map on that frame, and again, until neither changes."""

WHOLE_FIRST = 0.05
"""How much less a query taken as the whole frame may fit than one that is laid on each frame anew: laying
it fits the wrong frame a little better too."""

ASTRAY = 0.3
"""A fit below which the query is taken not to lie there, and the camera's motion alone is followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The frame that fits best: its number in the look, and how well; `place` maps pattern to frame."""

    number: int
    fit: float
    place: Matrix | None = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A frame on which it is known how the pattern lies."""

    time_s: float
    place: Matrix = field(repr=False)


def leading(seen: Look, question: Question) -> tuple[int, Start | None]:
    """Of a few frames far apart the best, and how the query lies on it if it was placed."""
    scores, starts = [], []
    for number, frame in enumerate(seen.frames):
        whole = question.whole.fit(frame, None) if question.whole else None
        pattern = question.placed
        placed = _lay(pattern, frame, pattern.place) if pattern and pattern.place is not None else None
        starts.append(Start(seen.times_s[number], placed[0]) if placed else None)
        fits = (whole, placed[1] if placed else None)
        scores.append(max(fit.pooled() if fit else NO_FIT for fit in fits))
    best = int(np.argmax(scores))
    return best, starts[best]


def best_whole(seen: Look, pattern: Pattern) -> Best | None:
    """The best frame if the query shows the whole frame, which needs no map."""
    fits = dict(enumerate(pattern.fit(frame, None) for frame in seen.frames))
    return _best({number: fit for number, fit in fits.items() if fit is not None}, None, None)


def best_placed(seen: Look, pattern: Pattern, start: Start, budget: Budget) -> Best | None:
    """The best frame if the query lies on the frame at ``start.time_s`` as ``start.place`` says.

    The map is taken along the camera's motion to a frame each `STRIDE_S`, laid there exactly, and from
    the best of these followed to the frame.
    """
    stride = _stride(seen)
    anchors = laid_along(seen, pattern, start, stride, budget)
    if not anchors:
        return None
    kept = kept_blocks([fit for _, fit in anchors.values()])
    order = sorted(anchors, key=lambda number: anchors[number][1].pooled(kept), reverse=True)
    found = [
        _follow(seen, pattern, number, anchors[number][0], kept, stride)
        for number in order[:LEADS]
        if not budget.used()
    ]
    return max((best for best in found if best), key=lambda best: best.fit, default=None)


def laid_along(
    seen: Look, pattern: Pattern, start: Start, stride: int, budget: Budget
) -> dict[int, tuple[Matrix, BlockFit]]:
    """Each `stride` frames on both sides of the start: the map onto the frame, and the fit there."""
    origin = seen.nearest(start.time_s)
    numbers = range(origin % stride, len(seen.frames), stride)
    anchors: dict[int, tuple[Matrix, BlockFit]] = {}
    for line in ([n for n in numbers if n >= origin], [n for n in reversed(numbers) if n < origin]):
        before, place = origin, anchors[origin][0] if origin in anchors else start.place
        for number in line:
            if budget.used():
                break
            carried = motion(seen.frames[before], seen.frames[number]) @ place if number != before else place
            before, place = number, carried
            if (fitted := _lay(pattern, seen.frames[number], carried)) is not None:
                anchors[number] = fitted
                place = fitted[0] if fitted[1].pooled() > ASTRAY else carried
    return anchors


def _lay(pattern: Pattern, frame: Grey, place: Matrix) -> tuple[Matrix, BlockFit] | None:
    """The better of the map as it is and the map laid exactly; None if the pattern lies off the frame."""
    exact = laid(pattern, frame, place)
    tried = [(way, pattern.fit(frame, way)) for way in (place, exact) if way is not None]
    known = [(way, fit) for way, fit in tried if fit is not None]
    return max(known, key=lambda pair: pair[1].pooled(), default=None)


def _follow(seen: Look, pattern: Pattern, number: int, place: Matrix, kept: Kept, stride: int) -> Best | None:
    """From a frame to the best one around it: how the query lies is the same for the true frame, so the
    map of one frame picks the best of its neighbours, whose own map picks again."""
    best: Best | None = None
    for turn in range(ROUNDS):
        around = range(max(0, number - stride - 1), min(len(seen.frames), number + stride + 2))
        fits = {near: pattern.fit(seen.frames[near], place) for near in around}
        found = _best({near: fit for near, fit in fits.items() if fit is not None}, place, kept)
        if found is None:
            break
        moved, number = found.number != number, found.number
        best = found if best is None or found.fit > best.fit else best
        exact = laid(pattern, seen.frames[number], place)
        if exact is None or (turn > 0 and not moved):
            break
        place = exact
    return best


def _best(fits: Mapping[int, BlockFit], place: Matrix | None, kept: Kept) -> Best | None:
    if not fits:
        return None
    if kept is None:
        kept = kept_blocks(list(fits.values()))
    scores = {number: fit.pooled(kept) for number, fit in fits.items()}
    number = max(scores, key=lambda number: scores[number])
    return Best(number, scores[number], place) if scores[number] > NO_FIT else None


def _stride(seen: Look) -> int:
    gaps = np.diff(seen.times_s)
    usual = float(np.median(gaps)) if len(gaps) else STRIDE_S
    return max(1, round(STRIDE_S / max(usual, 1e-3)))
