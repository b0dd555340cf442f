"""A look at a scene: what its frames, decoded again, say of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.borders.crop import crop_picture
from cbvir_core.errors import StoreDamaged
from cbvir_core.geometry import Matrix, Size, clip_box, is_mirroring, outlines, shift
from cbvir_core.localise import (
    HeldFrames,
    Moment,
    TemplateMatch,
    ThumbnailMatch,
    find_moment,
    find_template,
    hold_frames_around,
    match_thumbnails,
    scene_fits,
)
from cbvir_core.search.confidence import MatchEvidence
from cbvir_core.search.findings import Candidate, FrameLook, Scene, evidence_of
from cbvir_core.search.frame_score import FrameScorer, QueryDescriptors
from cbvir_core.search.query import DescribedPicture, Query
from cbvir_core.search.variants import crop
from cbvir_core.search.verify import Verifier
from cbvir_core.search.video_paths import existing_path
from cbvir_core.store import Store
from cbvir_core.types import Box, Evidence, Image, Region, Thumbnails
from cbvir_core.verify import Verification

MIN_WHOLE_FIT = 0.6
"""Fit of a thumbnail to the whole picture from which it counts where no local features agree."""

MIN_TRIED_FIT = 0.4
"""Fit of a thumbnail to the whole picture from which frames around it are compared where no local features
agree.  In film that moves fast the nearest thumbnail of a frame has .45, and points are too blurred to agree;
it counts only if one of the frames is the picture."""


class FrameLooker:
    """Decodes frames of scenes and compares them with the picture."""

    def __init__(self, store: Store, verifier: Verifier, scorer: FrameScorer) -> None:
        self._store, self._verifier, self._scorer = store, verifier, scorer

    def look(self, query: Query, described: QueryDescriptors, candidate: Candidate) -> FrameLook:
        """Return what the frames of a candidate's scene say; `described` are the query's descriptors.

        Where the still does not agree with the picture, the frame that resembles it is compared first, and
        where that does not agree either and the scene is not likely, nothing more is decoded.  Otherwise the
        exact moment is looked for; the local features of that very frame count where more of them agree.
        """
        held = None
        if candidate.evidence.verification is None or candidate.is_located:
            candidate, held = self._compare_frame(query, candidate)
            evidence = candidate.evidence
            nothing_agrees = evidence.verification is None and evidence.thumbnail_match is None
            if nothing_agrees and candidate.probability < query.options.likely_score:
                return _look_of(evidence, None)
        moment = self._moment(query, candidate, held)
        evidence = candidate.evidence
        if _is_tried(evidence) and not moment.exact:
            return _look_of(replace(evidence, thumbnail_match=None), None)
        if (match := evidence.thumbnail_match) is not None:
            evidence = replace(evidence, thumbnail_match=confirmed(match, moment))
        if moment.picture is None:
            return _look_of(evidence, moment)
        shown = crop_picture(moment.picture, candidate.video.borders)
        look = _look_of(self._confirmed(query, candidate.scene, evidence, shown), moment)
        return replace(look, score=self._scorer.score(query, described, shown))

    def match_at(
        self, part: Image, scene: Scene, time_s: float, verification: Verification | None
    ) -> ThumbnailMatch | None:
        """Compare the asked part with the thumbnails of a scene, as it lies on the frame at `time_s`.

        Return None where no thumbnails are kept, or none of them can be compared.
        """
        if (thumbnails := self._thumbnails(scene)) is None:
            return None
        transform = None if verification is None else verification.homography
        mirrored = _is_mirrored(scene, transform)
        still = scene.video.still_size
        match = match_thumbnails(
            thumbnails, part, keyframe_s=time_s, still=still, transform=transform, mirrored=mirrored
        )
        if not mirrored:
            return match
        # A few features of a smooth picture agree mirrored by chance, and it is the whole frame as it is.
        plain = match_thumbnails(thumbnails, part, keyframe_s=time_s, still=still)
        return max((match, plain), key=lambda one: -1.0 if one is None else one.fit)

    def template_match(self, part: Image, scene: Scene) -> TemplateMatch | None:
        """Look for the asked part in the thumbnails of a scene; None where none are kept."""
        thumbnails = self._thumbnails(scene)
        return None if thumbnails is None else find_template(thumbnails, part)

    def rival_fits(self, part: Image, best: Candidate, scenes: Sequence[Scene]) -> list[float | None]:
        """Return how well the best thumbnail of each scene fits; None for those of which none are kept.

        The scenes are of the video of `best`, and the asked part lies in them as it lies there.
        """
        kept = {number: self._thumbnails(scene) for number, scene in enumerate(scenes)}
        known = {number: one for number, one in kept.items() if one is not None}
        evidence = best.evidence
        transform = None if evidence.verification is None else evidence.verification.homography
        if evidence.thumbnail_match is not None:
            transform = evidence.thumbnail_match.transform
        mirrored = _is_mirrored(best.scene, transform)
        still = best.video.still_size
        fits = scene_fits(list(known.values()), part, still=still, transform=transform, mirrored=mirrored)
        by_number = dict(zip(known, fits.tolist(), strict=True))
        return [by_number.get(number) for number in range(len(scenes))]

    def _thumbnails(self, scene: Scene) -> Thumbnails | None:
        """Return the thumbnails of a scene; None where none are kept, or they are damaged."""
        with suppress(StoreDamaged):
            return self._store.thumbnails(scene.keyframe.row)
        return None

    def _compare_frame(self, query: Query, candidate: Candidate) -> tuple[Candidate, HeldFrames | None]:
        """Compare the frame that was found, and the thumbnails; return what was decoded too.

        It is the one in whose thumbnail the picture lies, else the one that the frame route found.
        """
        scene, described, evidence = candidate.scene, query.described, candidate.evidence
        time_s, video_id = candidate.found_at_s, scene.video.video_id
        if described is None or time_s is None:
            return candidate, None
        held = hold_frames_around(existing_path(scene.video), time_s, video_id, query.moment_budget_s)
        if held is not None:
            shown = crop_picture(held.nearest_picture(time_s), scene.video.borders)
            fresh = self._compare(described, scene, shown)
            if fresh is None or _says_more(fresh, evidence.verification):
                evidence = replace(evidence, checked=True, verification=fresh or evidence.verification)
        match = self.match_at(described.image, scene, time_s, evidence.verification)
        if match is not None and (evidence.verification is not None or match.fit >= MIN_TRIED_FIT):
            evidence = replace(evidence, thumbnail_match=match)
        return candidate.with_evidence(evidence, query.model), held

    def _moment(self, query: Query, candidate: Candidate, held: HeldFrames | None) -> Moment:
        corner = query.described.corner if query.described else (0, 0)
        return exact_moment(
            candidate.scene,
            query.picture,
            query.options.region,
            evidence_of(candidate.evidence.verification, corner),
            candidate.evidence.thumbnail_match,
            query.moment_budget_s,
            held,
        )

    def _confirmed(self, query: Query, scene: Scene, evidence: MatchEvidence, shown: Image) -> MatchEvidence:
        """Return the evidence with the local features of the frame at the moment, where they say more."""
        if query.described is None:
            return evidence
        fresh = self._compare(query.described, scene, shown)
        if fresh is not None and _says_more(fresh, evidence.verification):
            return replace(evidence, checked=True, verification=fresh)
        return evidence

    def _compare(self, described: DescribedPicture, scene: Scene, shown: Image) -> Verification | None:
        return self._verifier.compare_picture(described.features.result(), shown, scene.found_mirrored)


def laid_on_frame(picture: Image, verification: Verification, still: Size) -> Image:
    """Return the picture as it lies on the frame that it agrees with, in pixels of the still: what both show.

    Where that is nothing the picture comes back as it is.
    """
    lying = outlines(verification.homography, (picture.shape[1], picture.shape[0]), still)
    if lying is None:
        return picture
    laid = cv2.warpPerspective(picture, verification.homography, still, borderMode=cv2.BORDER_REPLICATE)
    (left, top), (right, bottom) = np.floor(lying[1].min(axis=0)), np.ceil(lying[1].max(axis=0)) + 1
    box = clip_box((int(left), int(top), int(right), int(bottom)), still)
    return crop(np.asarray(laid, np.uint8), (box[0], box[1], box[2] - box[0], box[3] - box[1]))


def _is_tried(evidence: MatchEvidence) -> bool:
    """Return whether thumbnails alone speak for the scene, and not clearly."""
    match = evidence.thumbnail_match
    return evidence.verification is None and match is not None and match.fit < MIN_WHOLE_FIT


def _look_of(evidence: MatchEvidence, moment: Moment | None) -> FrameLook:
    return FrameLook(evidence.checked, evidence.verification, evidence.thumbnail_match, moment)


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
    held: HeldFrames | None = None,
) -> Moment:
    """Decode a scene again, and return the frame that fits the picture best.

    `evidence` is in what the picture and the scene's still agree, `thumbnail_match` what thumbnails of the
    scene say of the asked part, `held` what was decoded before.  Where the file is offline or no frame is
    clear, the time is the thumbnail's or else the keyframe's, and the reason says so.
    """
    borders, keyframe = scene.video.borders, scene.keyframe
    transform = None
    if evidence is not None:
        transform = _to_whole(borders) @ evidence.homography
    if thumbnail_match is not None:
        to_frame = _to_whole(borders) @ thumbnail_match.transform @ np.linalg.inv(_to_whole(region))
        thumbnail_match = replace(thumbnail_match, transform=to_frame)
    part = picture if evidence is not None or region is None else crop(picture, region)
    mirrored = _is_mirrored(scene, None if evidence is None else evidence.homography)
    return find_moment(
        existing_path(scene.video),
        (keyframe.scene_start_s, keyframe.scene_end_s),
        part,
        keyframe_s=keyframe.time_s,
        transform=transform,
        mirrored=mirrored,
        video_id=keyframe.keyframe_id.video,
        thumbnail_match=thumbnail_match,
        held=held,
        budget_s=budget_s,
    )


def confirmed(match: ThumbnailMatch, moment: Moment) -> ThumbnailMatch:
    """Return what thumbnails say, or more where the frame at the exact moment shows more.

    That frame lies between two thumbnails.
    """
    return replace(match, explained=max(match.explained, moment.explained), fit=max(match.fit, moment.fit))


def _is_mirrored(scene: Scene, transform: Matrix | None) -> bool:
    """Return whether the picture lies mirrored in the scene: by how it lies, else by how it was found."""
    return scene.found_mirrored if transform is None else is_mirroring(transform)


def _to_whole(part: Box | Region | None) -> npt.NDArray[np.float64]:
    """Return the map from the pixels of a part of a picture to those of the picture."""
    return np.eye(3) if part is None else shift(*part[:2])
