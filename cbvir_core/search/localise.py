"""The pass that localises: thumbnails of the likely scenes, and the exact moment of the most probable one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import StoreDamaged
from cbvir_core.geometry import shift
from cbvir_core.localise import Moment, ThumbnailMatch, find_moment, match_thumbnails
from cbvir_core.search.findings import Candidate, Findings, Scene, evidence_of
from cbvir_core.search.judge import judge
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.search.variants import crop
from cbvir_core.search.video_paths import existing_path
from cbvir_core.store import Store
from cbvir_core.types import Box, Evidence, Image, Region
from cbvir_core.verify import Verification

MAX_THUMBNAIL_SCENES = 64
"""Scenes whose thumbnails are compared at most where every scene is wanted: a second and a half on two
cores."""


class Localiser:
    """Finds out when a picture appears in scenes, and how much of it they show."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def localise(self, query: Query, known: Findings) -> Findings:
        """Return the candidates with thumbnail matches, and the most probable one with its moment.

        No moment is looked for where no candidate is likely, or with an `exact_time_s` of 0.
        """
        with query.clock.stage("verify"):
            known = self.match_likely(query, known)
        judged = judge(query, known)
        if not query.options.exact_time_s or judged.best_probability < query.options.likely_score:
            return known
        return self.find_moment(query, known, judged.best_number)

    def match_likely(self, query: Query, known: Findings) -> Findings:
        """Compare thumbnails of the likely candidates that an answer would name first.

        Where every scene is wanted, these are the `MAX_THUMBNAIL_SCENES` most probable ones.  Otherwise
        compare those of the most probable one, and repeat until the most probable one has been compared.
        """
        probabilities = [candidate.probability for candidate in known.candidates]
        likely = [n for n, chance in enumerate(probabilities) if chance >= query.options.likely_score]
        if query.options.everywhere:
            likely = sorted(likely, key=lambda number: -probabilities[number])
            return self.match(query, known, likely[:MAX_THUMBNAIL_SCENES])
        while likely:
            best = max(likely, key=lambda number: known.candidates[number].probability)
            if known.candidates[best].probability < known.best_probability:
                break
            likely.remove(best)
            known = self.match(query, known, [best])
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
        with suppress(StoreDamaged):
            if (thumbnails := self._store.thumbnails(scene.keyframe.row)) is not None:
                return match_thumbnails(
                    thumbnails,
                    part,
                    keyframe_s=scene.keyframe.time_s,
                    still=scene.video.still_size,
                    transform=verification.homography,
                    mirrored=verification.mirrored,
                )
        return None

    def find_moment(self, query: Query, known: Findings, number: int) -> Findings:
        """Return the findings with the moment of one candidate.

        The candidate is the more probable if the frame at that moment shows more of the picture than the
        thumbnails do.
        """
        candidate = known.candidates[number]
        moments = dict(known.moments)
        if candidate.row not in moments:
            with query.clock.stage("moment"):
                corner = query.described.corner if query.described else (0, 0)
                moments[candidate.row] = exact_moment(
                    candidate.scene,
                    query.picture,
                    query.options.region,
                    evidence_of(candidate.evidence.verification, corner),
                    candidate.evidence.thumbnail_match,
                    query.moment_budget_s,
                )
        moment = moments[candidate.row]
        candidate = replace(candidate, moment=moment)
        if (match := candidate.evidence.thumbnail_match) is not None:
            evidence = replace(candidate.evidence, thumbnail_match=confirmed(match, moment))
            candidate = candidate.with_evidence(evidence, query.model)
        return replace(known, moments=moments).with_candidates({number: candidate})


def exact_moment(
    scene: Scene,
    picture: Image,
    region: Region | None,
    evidence: Evidence | None,
    thumbnail_match: ThumbnailMatch | None,
    budget_s: float,
) -> Moment:
    """Decode a scene again, and return the frame that fits the picture best.

    `evidence` is in what the picture and the scene's still agree, `thumbnail_match` what thumbnails of the
    scene say of the asked part.  Where the file is offline or no frame is clear, the time is the thumbnail's
    or else the keyframe's, and the reason says so.
    """
    borders, keyframe = scene.video.borders, scene.keyframe
    transform = None
    if evidence is not None:
        transform = _to_whole(borders) @ evidence.homography
    if thumbnail_match is not None:
        to_frame = _to_whole(borders) @ thumbnail_match.transform @ np.linalg.inv(_to_whole(region))
        thumbnail_match = replace(thumbnail_match, transform=to_frame)
    part = picture if evidence is not None or region is None else crop(picture, region)
    mirrored = scene.found_mirrored if evidence is None else np.linalg.det(evidence.homography) < 0
    return find_moment(
        existing_path(scene.video),
        (keyframe.scene_start_s, keyframe.scene_end_s),
        part,
        keyframe_s=keyframe.time_s,
        transform=transform,
        mirrored=bool(mirrored),
        video_id=keyframe.keyframe_id.video,
        thumbnail_match=thumbnail_match,
        budget_s=budget_s,
    )


def confirmed(match: ThumbnailMatch, moment: Moment) -> ThumbnailMatch:
    """Return what thumbnails say, or more where the frame at the exact moment shows more.

    That frame lies between two thumbnails.
    """
    return replace(match, explained=max(match.explained, moment.explained), fit=max(match.fit, moment.fit))


def _to_whole(part: Box | Region | None) -> npt.NDArray[np.float64]:
    """Return the map from the pixels of a part of a picture to those of the picture."""
    return np.eye(3) if part is None else shift(*part[:2])
