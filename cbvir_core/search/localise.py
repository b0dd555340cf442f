"""The pass that localises: thumbnails of the likely scenes, and the exact moment of the most probable one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbvir_core.localise import ThumbnailMatch
from cbvir_core.search.findings import Candidate, Findings, Scene
from cbvir_core.search.judge import judge
from cbvir_core.search.looks import FrameLooker, laid_on_frame
from cbvir_core.search.next_look import (
    adjoining,
    another,
    has_match,
    is_settled,
    nearest_rival,
    rivals,
    scene_of_the_moment,
    unseen_best,
)
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.types import Image
from cbvir_core.verify import Verification

MAX_THUMBNAIL_SCENES = 64
"""Scenes whose thumbnails are compared at most where every scene is wanted: a second and a half on two
cores."""

MAX_LOOKS = 3
"""Scenes that are decoded in one pass."""

MAX_RIVAL_SCENES = 12
"""Scenes of one video that are compared with each other at most: 2 ms each."""

MAX_TEMPLATE_SCENES = 12
"""Scenes in whose thumbnails the picture is looked for at most: 6 ms each."""


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
            fresh = [number for number in adjoining(known.candidates, best) if number not in compared]
            compared.update(fresh)
            known = self.match(query, known, fresh)
        return known

    def compare_rivals(self, query: Query, known: Findings) -> Findings:
        """Compare the thumbnails of the best scene with those of other scenes of its video.

        Where a camera stands still, local features agree with all of them, and the most probable one need not
        be the one that holds the frame.
        """
        numbers = rivals(known)[:MAX_RIVAL_SCENES]
        if query.described is None or len(numbers) < 2:
            return known
        scenes = [known.candidates[number].scene for number in numbers]
        fits = self._looker.rival_fits(query.described.image, known.candidates[known.best_number], scenes)
        return known.with_candidates(
            {n: replace(known.candidates[n], scene_fit=fit) for n, fit in zip(numbers, fits, strict=True)}
        )

    def find_templates(self, query: Query, known: Findings) -> Findings:
        """Look for the picture in the thumbnails of the scenes whose frames resemble it most.

        Where a match is known, it is looked for as it lies there, in that scene and those beside it first.
        """
        described, candidates = query.described, known.candidates
        if described is None:
            return known
        numbers = sorted(range(len(candidates)), key=lambda number: -candidates[number].evidence.frame)
        picture, laid_on = described.image, None
        best = candidates[known.best_number]
        if has_match(query, known) and (verification := best.evidence.verification) is not None:
            picture, laid_on = laid_on_frame(picture, verification, best.video.still_size), best.row
            numbers = [*adjoining(candidates, known.best_number), *numbers]
        numbers = list(dict.fromkeys(numbers))[:MAX_TEMPLATE_SCENES]
        matches = dict(known.template_matches)
        fresh = [candidates[n].scene for n in numbers if (candidates[n].row, laid_on) not in matches]
        found = parallel_map(lambda scene: self._looker.template_match(picture, scene), fresh)
        matches.update({(scene.keyframe.row, laid_on): one for scene, one in zip(fresh, found, strict=True)})
        located = {
            n: replace(candidates[n], template_match=matches[candidates[n].row, laid_on]) for n in numbers
        }
        return replace(known, template_matches=matches).with_candidates(located)

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

        Of several scenes of the best one's video the one comes first whose thumbnails show the picture best.
        Unless the very frame was found, other scenes are looked at too: those in whose thumbnails the picture
        lies, else the one whose frame resembles it most, and after it one beside a match, for a camera that
        moves on shows nearly the same there.
        What an earlier pass has seen counts again and is not looked at again.
        """
        looks = {n: known.looks.get(one.look_key) for n, one in enumerate(known.candidates)}
        known = known.with_candidates(
            {n: known.candidates[n].with_look(look, query.model) for n, look in looks.items() if look}
        )
        seen = {number for number, look in looks.items() if look}
        known = self.compare_rivals(query, known)
        for _ in range(MAX_LOOKS):
            judged = judge(query, known)
            number = nearest_rival(judged, seen)
            if number is None:
                number = scene_of_the_moment(judged, seen)
            if number is not None:
                known = self.match(query, known, [number])
            else:
                number = unseen_best(query, judged, seen)
            if number is None and not is_settled(query, known):
                known = self.find_templates(query, known)
                number = another(query, judge(query, known), seen)
            if number is None:
                break
            seen.add(number)
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
