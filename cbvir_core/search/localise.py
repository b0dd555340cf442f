"""The pass that localises: thumbnails of the likely scenes, and the exact moment of the most probable one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cbvir_core.borders.crop import crop_picture
from cbvir_core.errors import StoreDamaged
from cbvir_core.geometry import shift
from cbvir_core.localise import Moment, ThumbnailMatch, find_moment, match_thumbnails, read_picture_at
from cbvir_core.search.findings import Candidate, Findings, Scene, evidence_of
from cbvir_core.search.judge import judge
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.search.variants import crop
from cbvir_core.search.verify import Verifier
from cbvir_core.search.video_paths import existing_path
from cbvir_core.store import Store
from cbvir_core.types import Box, Evidence, Image, Region
from cbvir_core.verify import Verification

MAX_THUMBNAIL_SCENES = 64
"""Scenes whose thumbnails are compared at most where every scene is wanted: a second and a half on two
cores."""

MAX_MOMENTS = 3
"""Scenes that are decoded for one look at the candidates."""

MIN_FRAME_SIMILARITY = 0.45
"""Similarity of a frame from which it is decoded though neither its still nor its score speaks for it."""

MIN_WHOLE_FIT = 0.6
"""Fit of a thumbnail to the whole picture from which it counts where no local features agree."""


class Localiser:
    """Finds out when a picture appears in scenes, and how much of it they show."""

    def __init__(self, store: Store, verifier: Verifier) -> None:
        self._store, self._verifier = store, verifier

    def localise(self, query: Query, known: Findings) -> Findings:
        """Return the candidates with thumbnail matches, and the most probable ones with their moments.

        No moment is looked for with an `exact_time_s` of 0.
        """
        with query.clock.stage("verify"):
            known = self.match_likely(query, known)
        return self.look_at_frames(query, known) if query.options.exact_time_s else known

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
        return self._match_at(part, scene, scene.keyframe.time_s, verification)

    def look_at_frames(self, query: Query, known: Findings) -> Findings:
        """Decode the most probable candidates until the best one has been seen, `MAX_MOMENTS` at most.

        A scene of which only a frame resembles the picture is decoded there too, as long as no other is
        certain.
        """
        looked_at: set[int] = set()
        for _ in range(MAX_MOMENTS):
            judged = judge(query, known)
            number = _next_to_look_at(query, judged, looked_at)
            if number is None:
                break
            looked_at.add(number)
            known = self.find_moment(query, known, number)
        return known

    def find_moment(self, query: Query, known: Findings, number: int) -> Findings:
        """Return the findings with the moment of one candidate.

        Where the still does not agree with the picture, the frame that resembles it is compared first.  The
        candidate is the more probable if the frame at the moment shows more of the picture than the
        thumbnails do; the local features of that very frame count where more of them agree than of the still.
        """
        with query.clock.stage("moment"):
            candidate = known.candidates[number]
            if candidate.evidence.verification is None:
                candidate = self._compare_frame(query, candidate)
            moments = dict(known.moments)
            if candidate.row not in moments:
                moments[candidate.row] = self._moment(query, candidate)
            candidate = self._confirm(query, replace(candidate, moment=moments[candidate.row]))
        return replace(known, moments=moments).with_candidates({number: candidate})

    def _compare_frame(self, query: Query, candidate: Candidate) -> Candidate:
        """Compare the picture with the frame that the frame route found, and with its scene's thumbnails."""
        scene, described = candidate.scene, query.described
        time_s = self._time_of_frame(scene)
        if described is None or time_s is None:
            return candidate
        video_id = scene.video.video_id
        picture = read_picture_at(existing_path(scene.video), time_s, video_id, query.moment_budget_s)
        evidence = candidate.evidence
        if picture is not None:
            verification = self._verifier.compare_picture(
                described.features.result(), crop_picture(picture, scene.video.borders), scene.found_mirrored
            )
            evidence = replace(evidence, checked=True, verification=verification)
        match = self._match_at(described.image, scene, time_s, evidence.verification)
        if match is not None and (evidence.verification is not None or match.fit >= MIN_WHOLE_FIT):
            evidence = replace(evidence, thumbnail_match=match)
        return candidate.with_evidence(evidence, query.model)

    def _time_of_frame(self, scene: Scene) -> float | None:
        if scene.frame is None:
            return None
        (codes,) = self._store.frame_codes([scene.keyframe.row])
        if codes is None or scene.frame.frame >= len(codes.times_s):
            return None
        return float(codes.times_s[scene.frame.frame])

    def _match_at(
        self, part: Image, scene: Scene, time_s: float, verification: Verification | None
    ) -> ThumbnailMatch | None:
        """Compare the asked part with the thumbnails of a scene, as it lies on the frame at `time_s`."""
        with suppress(StoreDamaged):
            if (thumbnails := self._store.thumbnails(scene.keyframe.row)) is not None:
                return match_thumbnails(
                    thumbnails,
                    part,
                    keyframe_s=time_s,
                    still=scene.video.still_size,
                    transform=None if verification is None else verification.homography,
                    mirrored=scene.found_mirrored if verification is None else verification.mirrored,
                )
        return None

    def _moment(self, query: Query, candidate: Candidate) -> Moment:
        corner = query.described.corner if query.described else (0, 0)
        return exact_moment(
            candidate.scene,
            query.picture,
            query.options.region,
            evidence_of(candidate.evidence.verification, corner),
            candidate.evidence.thumbnail_match,
            query.moment_budget_s,
        )

    def _confirm(self, query: Query, candidate: Candidate) -> Candidate:
        """Return the candidate with what the frame at its moment shows of the picture."""
        moment, evidence, described = candidate.moment, candidate.evidence, query.described
        if moment is None:
            return candidate
        if (match := evidence.thumbnail_match) is not None:
            evidence = replace(evidence, thumbnail_match=confirmed(match, moment))
        if moment.picture is not None and described is not None:
            fresh = self._verifier.compare_picture(
                described.features.result(),
                crop_picture(moment.picture, candidate.scene.video.borders),
                candidate.scene.found_mirrored,
            )
            if fresh is not None and _says_more(fresh, evidence.verification):
                evidence = replace(evidence, checked=True, verification=fresh)
        return candidate.with_evidence(evidence, query.model)


def _next_to_look_at(query: Query, judged: Findings, looked_at: set[int]) -> int | None:
    """Return the place of the next candidate to decode; None where the answer would not change."""
    candidates = judged.candidates
    if not candidates:
        return None
    best = judged.best_number
    if best not in looked_at and candidates[best].probability >= query.options.likely_score:
        return best
    if candidates[best].probability >= query.options.match_score:
        return None
    possible = [
        number
        for number, one in enumerate(candidates)
        if number not in looked_at
        and (
            one.probability >= query.options.likely_score
            or (one.scene.frame is not None and one.scene.frame.similarity >= MIN_FRAME_SIMILARITY)
        )
    ]
    return max(
        possible,
        key=lambda n: (candidates[n].probability >= query.options.likely_score, candidates[n].evidence.frame),
        default=None,
    )


def _says_more(fresh: Verification, former: Verification | None) -> bool:
    """Return whether one verification is better evidence than another."""
    return former is None or fresh.inliers * fresh.agreement > former.inliers * former.agreement


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
