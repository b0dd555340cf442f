"""Whether an answer names the right video, the right way round, and where the piece begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

from bench.clips.questions import ClipQuestion, Piece
from cbvir_core.align import AlignedSegment
from cbvir_core.clips import ClipAnswer, ClipHit

NEAR_S = 1.0
"""Seconds up to which a segment is at the right place of the right film at all."""


@dataclass(frozen=True)
class ClipOutcome:
    """What came of one question.

    - `video`: the first result is of a film that the copy is of; `pieces`: share of the pieces that were
      found at their place.
    - `off_s`: the largest distance of an end of a piece, in the film or in the copy; None where a piece was
      not found.
    - `turned`: whether direction and mirroring are right.
    """

    kind: str
    key: str
    is_known: bool
    verdict: str
    probability: float
    video: bool
    pieces: float
    off_s: float | None
    turned: bool
    speed_off: float
    took_ms: float
    hits: tuple[str, ...]


def judge(question: ClipQuestion, answer: ClipAnswer) -> ClipOutcome:
    """Return the outcome of a question."""
    best = answer.results[0] if answer.results else None
    found = [_best_hit(question, piece, answer.results) for piece in question.pieces]
    hits = [one for one in found if one is not None]
    offs = [
        max(_offsets(question, piece, one))
        for piece, one in zip(question.pieces, found, strict=True)
        if one is not None
    ]
    films = {one.film.resolve() for one in question.pieces}
    kind = question.kind
    return ClipOutcome(
        kind=kind.name,
        key=" ".join(f"{one.film.stem}@{one.start_s:.2f}" for one in question.pieces),
        is_known=question.is_known,
        verdict=str(answer.verdict),
        probability=best.probability if best else 0.0,
        video=best is not None and best.path.resolve() in films,
        pieces=len(hits) / len(found),
        off_s=max(offs) if len(offs) == len(found) else None,
        turned=all(
            one.is_reversed == kind.is_reversed and one.is_mirrored == kind.is_mirrored for one in hits
        ),
        speed_off=max((abs(one.speed - kind.speed) for one in hits), default=0.0),
        took_ms=answer.took_ms,
        hits=tuple(
            f"{one.path.stem} {one.clip[0]:.2f}-{one.clip[1]:.2f} is {one.span[0]:.2f}-{one.span[1]:.2f} "
            f"x{one.speed:.2f}{' reversed' * one.is_reversed}{' mirrored' * one.is_mirrored} "
            f"{one.probability:.3f}"
            for one in answer.results[:4]
        ),
    )


def _best_hit(question: ClipQuestion, piece: Piece, results: tuple[ClipHit, ...]) -> ClipHit | None:
    """Return the most probable result that is at the place of a piece, in film and copy."""
    for one in results:
        same = one.path.resolve() == piece.film.resolve()
        in_film = min(one.span[1], piece.end_s) - max(one.span[0], piece.start_s) > 0
        start_s, end_s = _in_copy(question, piece)
        if same and in_film and min(one.clip[1], end_s) - max(one.clip[0], start_s) > 0:
            return one
    return None


def shows_piece(question: ClipQuestion, piece: Piece, segment: AlignedSegment) -> bool:
    """Return whether a segment of the piece's film shows it: at the middle of what they share, its time."""
    start_s, end_s = _in_copy(question, piece)
    first_s, last_s = max(start_s, segment.query[0]), min(end_s, segment.query[1])
    if last_s <= first_s:
        return False
    share = ((first_s + last_s) / 2 - start_s) / (end_s - start_s)
    share = 1.0 - share if question.kind.is_reversed else share
    truth_s = piece.start_s + share * (piece.end_s - piece.start_s)
    return abs(segment.time_in_video((first_s + last_s) / 2) - truth_s) <= NEAR_S


def _in_copy(question: ClipQuestion, piece: Piece) -> tuple[float, float]:
    return piece.at_s, piece.at_s + (piece.end_s - piece.start_s) / question.kind.speed


def _offsets(question: ClipQuestion, piece: Piece, hit: ClipHit) -> list[float]:
    start_s, end_s = _in_copy(question, piece)
    pairs = (
        (hit.span[0], piece.start_s),
        (hit.span[1], piece.end_s),
        (hit.clip[0], start_s),
        (hit.clip[1], end_s),
    )
    return [abs(one - other) for one, other in pairs]
