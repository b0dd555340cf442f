"""The last pass: candidates to hits, at most one for each scene, best first, each with a path that exists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbvir_core.search.findings import Candidate, Findings, Scene, evidence_of
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.query import Query
from cbvir_core.search.variant_names import name_of_match
from cbvir_core.search.video_paths import existing_path
from cbvir_core.types import Answer, Hit, Occurrence, Verdict

KEYFRAME_NOTE = "This scene was not looked at frame by frame. The time is the keyframe's."
FRAME_NOTE = "This scene was not looked at frame by frame. The time is that of the nearest of three a second."
"""Notes on the time of every scene but the best, where all are asked for."""


def answer(query: Query, known: Findings, profile_name: str) -> Answer:
    """Return what the findings say, for a person and for JSON."""
    corner = query.described.corner if query.described else (0, 0)
    results = hits(known.candidates, query.options, corner)
    return Answer(
        verdict=results[0].verdict if results else Verdict.NONE,
        results=results,
        took_ms=query.clock.elapsed_ms,
        stages_ms=query.clock.stages,
        keyframes_searched=len(query.gallery),
        shortlisted=len(known.shortlist),
        profile=profile_name,
        refined=query.refiner is not None,
        notes=query.notes + known.notes,
    )


def hits(
    candidates: Iterable[Candidate], options: SearchOptions, corner: tuple[int, int] = (0, 0)
) -> tuple[Hit, ...]:
    """Return the scenes of highest probability; candidates of equal probability keep their order.

    They are `options.top` at most or, with `everywhere`, all that are at least likely.  `corner` is the upper
    left pixel of the asked part.
    """
    best = sorted(candidates, key=lambda candidate: -candidate.probability)
    if options.everywhere:
        best = [candidate for candidate in best if candidate.probability >= options.likely_score]
    else:
        best = best[: options.top]
    return tuple(_hit(rank, candidate, options, corner) for rank, candidate in enumerate(best, start=1))


def verdict(probability: float, options: SearchOptions) -> Verdict:
    """Return what an answer of this probability claims."""
    if probability >= options.match_score:
        return Verdict.MATCH
    return Verdict.LIKELY if probability >= options.likely_score else Verdict.NONE


def _hit(rank: int, candidate: Candidate, options: SearchOptions, corner: tuple[int, int]) -> Hit:
    keyframe, moment = candidate.keyframe, candidate.moment
    no_moment_note = ""
    if options.everywhere:
        no_moment_note = FRAME_NOTE if candidate.scene.frame else KEYFRAME_NOTE
    return Hit(
        rank=rank,
        keyframe_id=keyframe.keyframe_id,
        path=existing_path(candidate.video, options.within),
        time_s=moment.time_s if moment else candidate.scene.known_time_s,
        scene_start_s=keyframe.scene_start_s,
        scene_end_s=keyframe.scene_end_s,
        probability=candidate.probability,
        verdict=verdict(candidate.probability, options),
        variant=name_of_match(
            candidate.scene.variant, candidate.evidence.verification, region=options.region is not None
        ),
        evidence=evidence_of(candidate.evidence.verification, corner),
        exact=moment is not None and moment.exact,
        until_s=moment.until_s if moment else None,
        time_note=moment.reason if moment else no_moment_note,
        occurrences=tuple(_occurrence(scene, options.within) for scene in candidate.others),
    )


def _occurrence(scene: Scene, within: Iterable[Path | str]) -> Occurrence:
    keyframe = scene.keyframe
    return Occurrence(
        keyframe.keyframe_id,
        existing_path(scene.video, within),
        keyframe.time_s,
        keyframe.scene_start_s,
        keyframe.scene_end_s,
    )
