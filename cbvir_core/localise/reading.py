"""In which order a scene is looked at, so that the likeliest part comes before time is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cbvir_core.localise.compare import Start, leading
from cbvir_core.localise.frames import MOST_FRAMES, Budget, Look, Span, look
from cbvir_core.localise.query import Question
from cbvir_core.types import VideoInfo

READING = 0.8
"""Share of the budget after which no more is read, so that what was read can be compared."""

SKIMMING = 0.25
"""Share of the budget for the intra frames."""

SHORT_S = 3.0
"""A scene up to this length is read in order; of a longer one the intra frames are looked at first."""

NEAR_S = 0.5
"""How near to the keyframe a frame must be to stand for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was seen of a scene, and where in it a placed query is known to lie."""

    look: Look
    start: Start | None


def see(info: VideoInfo, span: Span, question: Question, keyframe_s: float, budget: Budget) -> Seen:
    """Looks at the scene: all of it, or as much as there is time for, the best part first."""
    place = question.placed.place if question.placed else None
    start = None if place is None else Start(keyframe_s, place)
    if span[1] - span[0] <= SHORT_S:
        return Seen(_look(info, span, question, budget, READING), start)
    skimmed = _look(info, span, question, budget, SKIMMING, only_keys=True)
    if not skimmed.frames:
        return Seen(_look(info, span, question, budget, READING), start)
    best, lead = leading(skimmed, question)
    seen = skimmed if _is_all(skimmed, info) else Look(decoded=skimmed.decoded)
    seen = _read(info, _parts(skimmed, best, span, bool(seen.frames)), question, budget, seen)
    known = seen.frames and abs(seen.times_s[seen.nearest(keyframe_s)] - keyframe_s) <= NEAR_S
    # With only a part of the scene the camera's motion cannot be followed there from the keyframe.
    return Seen(seen if seen.frames else skimmed.joined(seen), start if known and seen.complete else lead)


def see_parts(
    info: VideoInfo, parts: Sequence[Span], question: Question, thumbnail_s: float, budget: Budget
) -> Seen:
    """Looks at parts of the scene, the likeliest first; the query is known to lie on the thumbnail as it was
    placed."""
    seen = _read(info, ((max(0.0, start_s), end_s) for start_s, end_s in parts), question, budget, Look())
    place = question.placed.place if question.placed else None
    return Seen(seen, None if place is None else Start(thumbnail_s, place))


def _read(info: VideoInfo, parts: Iterable[Span], question: Question, budget: Budget, seen: Look) -> Look:
    """What was seen, and one part after the other until time is over or the frames are too many."""
    for part in parts:
        if budget.used(READING) or len(seen.frames) >= MOST_FRAMES:
            return seen.joined(Look(complete=False))
        seen = seen.joined(_look(info, part, question, budget, READING))
    return seen


def _look(
    info: VideoInfo, span: Span, question: Question, budget: Budget, share: float, *, only_keys: bool = False
) -> Look:
    return look(info, span, lambda: budget.used(share), question.thumbnail, only_keys=only_keys)


def _is_all(skimmed: Look, info: VideoInfo) -> bool:
    """Whether nearly every frame is an intra frame (or is read as one), so that the skim saw them all."""
    covered = skimmed.times_s[-1] - skimmed.times_s[0]
    return len(skimmed.frames) > 0.9 * covered * (info.frames_per_s or 25.0) + 1


def _parts(skimmed: Look, best: int, span: Span, seen: bool) -> Iterator[Span]:
    """What is still to be read: between the intra frames beside the best one; before; after."""
    times = skimmed.times_s
    if seen:
        if not skimmed.complete:
            yield times[-1], span[1]
        return
    first = times[best - 1] if best > 0 else span[0]
    last = times[best + 1] if best + 1 < len(times) else span[1]
    yield first, last
    if first > span[0]:
        yield span[0], first
    if last < span[1]:
        yield last, span[1]
