"""The pass that localises: thumbnails of the likely scenes, and the exact moment of the most probable one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbvir_core.localise import ThumbnailMatch
from cbvir_core.search.findings import Candidate, Findings, Scene
from cbvir_core.search.judge import judge
from cbvir_core.search.looks import FrameLooker
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.types import Image
from cbvir_core.verify import Verification

MAX_THUMBNAIL_SCENES = 64
"""Scenes whose thumbnails are compared at most where every scene is wanted: a second and a half on two
cores."""

MAX_LOOKS = 3
"""Scenes that are decoded in one pass."""

ADJOINING_S = 2.0
"""Seconds between two scenes of a video up to which they may show the same things."""

MIN_FRAME_SIMILARITY = 0.45
"""Similarity of the best frame from which it is decoded though neither its still nor its score speaks for
it."""


class Localiser:
    """Finds out when a picture appears in scenes, and how much of it they show."""

    def __init__(self, looker: FrameLooker) -> None:
        self._looker = looker

    def localise(self, query: Query, known: Findings) -> Findings:
        """Return the candidates with thumbnail matches, and the most probable ones with their moments.

        No moment is looked for with an `exact_time_s` of 0.
        """
        with query.clock.stage("verify"):
            known = self.match_likely(query, known)
        return self.look_at_frames(query, known) if query.options.exact_time_s else known

    def match_likely(self, query: Query, known: Findings) -> Findings:
        """Compare the thumbnails of the most probable candidate, until the most probable one was compared.

        Those of scenes that adjoin it are compared too: where a camera moves on, they show nearly the same.
        Where every scene is wanted, those of the `MAX_THUMBNAIL_SCENES` most probable likely ones come first.
        """
        if query.options.everywhere:
            candidates = known.candidates
            likely = [n for n, one in enumerate(candidates) if one.probability >= query.options.likely_score]
            likely.sort(key=lambda number: -candidates[number].probability)
            known = self.match(query, known, likely[:MAX_THUMBNAIL_SCENES])
        compared: set[int] = set()
        while known.candidates and (best := known.best_number) not in compared:
            fresh = [number for number in _adjoining(known.candidates, best) if number not in compared]
            compared.update(fresh)
            known = self.match(query, known, fresh)
        return known

    def match(self, query: Query, known: Findings, numbers: Sequence[int]) -> Findings:
        """Return the findings with the thumbnail matches of the candidates `numbers` whose stills agree."""
        described = query.described
        agreeing = [n for n in numbers if known.candidates[n].evidence.verification is not None]
        if described is None or not agreeing:
            return known

        def compare(candidate: Candidate) -> ThumbnailMatch | None:
            verification = candidate.evidence.verification
            if verification is None:
                return None
            return self.thumbnail_match(described.image, candidate.scene, verification)

        matches = dict(known.thumbnail_matches)
        candidates = {number: known.candidates[number] for number in agreeing}
        fresh = [candidate for candidate in candidates.values() if candidate.row not in matches]
        for candidate, match in zip(fresh, parallel_map(compare, fresh), strict=True):
            matches[candidate.row] = match
        for number, candidate in candidates.items():
            evidence = replace(candidate.evidence, thumbnail_match=matches[candidate.row])
            candidates[number] = candidate.with_evidence(evidence, query.model)
        return replace(known, thumbnail_matches=matches).with_candidates(candidates)

    def thumbnail_match(self, part: Image, scene: Scene, verification: Verification) -> ThumbnailMatch | None:
        """Compare the asked part with the thumbnails of a scene whose still agrees with it.

        Return None where no thumbnails are kept, or none of them can be compared.
        """
        return self._looker.match_at(part, scene, scene.keyframe.time_s, verification)

    def look_at_frames(self, query: Query, known: Findings) -> Findings:
        """Look at the most probable candidates until the best one has been seen, `MAX_LOOKS` at most.

        The scene whose frame resembles the picture most is looked at too, unless the very frame was found:
        where that frame does not agree with the picture, those of other scenes did not either.  After it, a
        scene beside a match follows: a camera that moves on shows nearly the same there.
        What an earlier pass has seen counts again and is not looked at again.
        """
        seen = {n: one for n, one in enumerate(known.candidates) if one.look_key in known.looks}
        known = known.with_candidates(
            {number: one.with_look(known.looks[one.look_key], query.model) for number, one in seen.items()}
        )
        looked_at = set(seen)
        for _ in range(MAX_LOOKS):
            number = _next_to_look_at(query, judge(query, known), looked_at)
            if number is None:
                break
            looked_at.add(number)
            known = self.look(query, known, number)
        return known

    def look(self, query: Query, known: Findings, number: int) -> Findings:
        """Return the findings with a look at the frames of one candidate."""
        with query.clock.stage("moment"):
            candidate = known.candidates[number]
            look = self._looker.look(query, known.described, candidate)
            looks = {**known.looks, candidate.look_key: look}
        seen = candidate.with_look(look, query.model)
        return replace(known, looks=looks).with_candidates({number: seen})


def _adjoining(candidates: Sequence[Candidate], number: int) -> list[int]:
    """Return the place of a candidate and of those of the same video that are near it in time."""
    of = candidates[number].keyframe
    return [n for n, one in enumerate(candidates) if one.keyframe.is_beside(of, ADJOINING_S)]


def _next_to_look_at(query: Query, judged: Findings, looked_at: set[int]) -> int | None:
    """Return the place of the next candidate to decode; None where the answer would not change."""
    candidates = judged.candidates
    if not candidates:
        return None
    best = judged.best_number
    if best not in looked_at and candidates[best].probability >= query.options.likely_score:
        return best
    is_match = candidates[best].probability >= query.options.match_score
    if is_match and (moment := candidates[best].moment) is not None and moment.exact:
        return None
    likely = [
        number
        for number, one in enumerate(candidates)
        if number not in looked_at and one.probability >= query.options.likely_score
    ]
    if likely and not is_match:
        return max(likely, key=lambda number: candidates[number].evidence.frame)
    resembling = max(range(len(candidates)), key=lambda number: candidates[number].evidence.frame)
    if resembling in looked_at and is_match:
        beside = [number for number in _adjoining(candidates, best) if number not in looked_at]
        return max(beside, key=lambda number: candidates[number].probability, default=None)
    is_worth_it = candidates[resembling].evidence.frame >= MIN_FRAME_SIMILARITY
    return resembling if is_worth_it and resembling not in looked_at else None
