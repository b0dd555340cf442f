"""Which scene is decoded next, by what is known of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cbvir_core.search.findings import Candidate, Findings
from cbvir_core.search.query import Query

ADJOINING_S = 2.0
"""Seconds between two scenes of a video up to which they may show the same things."""

EQUAL_CORRELATIONS = 0.03
"""Difference of correlation up to which two thumbnails may show the picture equally well, a third of a second
apart from its frame."""

CERTAIN_FIT = 0.99
"""Fit of a frame from which no other one shows the picture better: that of unedited frames is .996.  Other
frames of a still camera have up to .975."""

EQUAL_SCENE_FITS = 0.05
"""Difference of `scene_fit` up to which either of two scenes may hold the frame: thumbnails lie a third of a
second apart, and are compressed."""

MIN_FRAME_SIMILARITY = 0.45
"""Similarity of the best frame from which it is decoded though neither its still nor its score speaks for
it."""


def adjoining(candidates: Sequence[Candidate], number: int) -> list[int]:
    """Return the place of a candidate and of those of the same video that are near it in time."""
    of = candidates[number].keyframe
    return [n for n, one in enumerate(candidates) if one.keyframe.is_beside(of, ADJOINING_S)]


def has_match(query: Query, known: Findings) -> bool:
    """Return whether a candidate is a match."""
    return known.best_probability >= query.options.match_score


def is_settled(query: Query, known: Findings) -> bool:
    """Return whether the very frame was found, or there is nothing to be found."""
    if not known.candidates:
        return True
    moment = known.candidates[known.best_number].moment
    return has_match(query, known) and moment is not None and moment.exact


def has_certain_frame(known: Findings, number: int) -> bool:
    """Return whether the frame that a candidate was looked at for shows the picture as no other one can."""
    moment = known.candidates[number].moment
    return moment is not None and moment.exact and moment.fit >= CERTAIN_FIT


def rivals(known: Findings) -> list[int]:
    """Return the places of the best scene and of those of its video that may hold the frame instead.

    The best one comes first, then the most similar frames.  There are none where its still does not agree.
    """
    if not known.candidates or known.candidates[known.best_number].evidence.verification is None:
        return []
    candidates, best = known.candidates, known.best_number
    others = [
        number
        for number, one in enumerate(candidates)
        if number != best
        and one.video.video_id == candidates[best].video.video_id
        and (one.evidence.verification is not None or one.evidence.frame >= MIN_FRAME_SIMILARITY)
    ]
    return [best, *sorted(others, key=lambda number: -candidates[number].evidence.frame)]


def nearest_rival(judged: Findings, seen: set[int]) -> int | None:
    """Return the place of the unseen scene that shows the picture best of those compared with each other.

    Return None where one that was seen fits clearly better, or shows the very frame.
    """
    fits = {n: one.scene_fit for n, one in enumerate(judged.candidates) if one.scene_fit is not None}
    unseen = [number for number in fits if number not in seen]
    if not unseen or any(has_certain_frame(judged, number) for number in fits if number in seen):
        return None
    nearest = max(unseen, key=lambda number: fits[number])
    return nearest if fits[nearest] > max(fits.values()) - EQUAL_SCENE_FITS else None


def scene_of_the_moment(judged: Findings, seen: set[int]) -> int | None:
    """Return the place of the unseen scene in which the best frame lies, where it lies beyond its own.

    A scene is decoded with a third of a second on both sides.  Where the frame that fits best lies there, the
    true one may lie further in the scene beside.
    """
    best = judged.candidates[judged.best_number] if judged.candidates else None
    if best is None or best.moment is None or best.moment.fit >= CERTAIN_FIT:
        return None
    time_s, own = best.moment.time_s, best.keyframe
    if own.scene_start_s <= time_s <= own.scene_end_s:
        return None
    away_s = {
        number: judged.candidates[number].keyframe.distance_s(time_s)
        for number in adjoining(judged.candidates, judged.best_number)
        if number not in seen
    }
    nearest = min(away_s, key=lambda number: away_s[number], default=None)
    return nearest if nearest is not None and away_s[nearest] < own.distance_s(time_s) else None


def unseen_best(query: Query, judged: Findings, seen: set[int]) -> int | None:
    """Return the place of the most probable candidate where it is likely and was not looked at yet."""
    if not judged.candidates or (best := judged.best_number) in seen:
        return None
    return best if judged.candidates[best].probability >= query.options.likely_score else None


def another(query: Query, judged: Findings, seen: set[int]) -> int | None:
    """Return the place of the candidate that may show the picture better; None where none may."""
    candidates, best = judged.candidates, judged.candidates[judged.best_number]
    is_match = has_match(query, judged)
    unseen = [number for number in range(len(candidates)) if number not in seen]
    located = _most(unseen, lambda n: candidates[n].correlation if candidates[n].is_located else 0.0)
    if is_match and best.is_located:
        least = best.correlation - EQUAL_CORRELATIONS
        return located if located is not None and candidates[located].correlation > least else None
    if located is not None:
        return located
    likely = [number for number in unseen if candidates[number].probability >= query.options.likely_score]
    if likely and not is_match:
        return max(likely, key=lambda number: candidates[number].evidence.frame)
    resembling = max(
        range(len(candidates)), key=lambda n: candidates[n].evidence.frame + candidates[n].correlation
    )
    if resembling in seen and is_match:
        beside = [number for number in adjoining(candidates, judged.best_number) if number in unseen]
        return max(beside, key=lambda number: candidates[number].probability, default=None)
    is_worth_it = candidates[resembling].evidence.frame >= MIN_FRAME_SIMILARITY
    return resembling if is_worth_it and resembling in unseen else None


def _most(numbers: Sequence[int], figure: Callable[[int], float]) -> int | None:
    """Return the number with the highest figure; None where none is above 0."""
    best = max(numbers, key=figure, default=None)
    return best if best is not None and figure(best) > 0.0 else None
