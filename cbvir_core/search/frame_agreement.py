"""In what a query and the frame of an answer agree, in numbers, and why that is not enough for a match."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cbvir_core.borders.crop import crop_picture
from cbvir_core.decode import decode_still
from cbvir_core.geometry import Matrix, Size, outer_corners, project, shift
from cbvir_core.localise import read_picture_at
from cbvir_core.search.query import DescribedPicture
from cbvir_core.search.verify import compare_features
from cbvir_core.search.video_paths import existing_path, is_online
from cbvir_core.store import Store
from cbvir_core.types import Floats, Image, KeyframeId, Region
from cbvir_core.verify import Verification, describe

FEW_INLIERS = 20
"""Points under which their number is given as a reason."""

LOW_AGREEMENT = 0.8
"""Share of textured places under which it is given as a reason: of frames and their stills 1.00 are alike, of
pages .89 (`cbvir_core.verify.verification`)."""

LOW_SPREAD = 0.4
"""Share of the cells with points under which agreeing points count as lying in a part of the frame."""

NOTHING_AGREES_REASON = "No points of the picture and the frame agree; only the look of the whole is similar."
FEW_AGREE_REASON = "Only {count} points agree."
PART_AGREES_REASON = "The points that agree lie in a small part of what both show."
PLACES_DIFFER_REASON = "Of the places with texture that both show, {share:.0%} are not alike."
OFFLINE_REASON = "The file is offline, so the still of a keyframe was compared, not the frame."
UNREADABLE_REASON = "The frame could not be read, so the still of a keyframe was compared."


@dataclass(frozen=True, slots=True, eq=False)
class FrameAgreement:
    """The query and a frame, and what of them agrees.

    - `query_size`, `frame_size`: width and height in pixels; the frame is whole, with its borders, unless it
      is a still, which is cut to what they leave.
    - `time_s`: the time of the frame, or of the still's keyframe; `is_still` says that it is one.
    - `corners`: where the corners of the query, or of the asked part of it, lie in the frame (4 x 2,
      clockwise from the query's upper left; anticlockwise where it is mirrored); None where nothing agrees.
    - `lines`: N x 4; for each point that agrees x and y in the query, x and y in the frame.
    - `reasons`: sentences on why this is not enough for a match; none where it is.
    """

    query_size: Size
    frame_size: Size
    time_s: float
    is_still: bool
    corners: Matrix | None = field(repr=False)
    lines: Floats = field(repr=False)
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _ComparedFrame:
    """What a query is compared with: a picture without borders, and where it lies in the `size` of the whole.

    `reason` says why it is a still.
    """

    image: Image
    size: Size
    corner: tuple[int, int]
    time_s: float
    reason: str = ""


def frame_agreement(
    store: Store, picture: Image, keyframe_id: KeyframeId, time_s: float | None, region: Region | None
) -> FrameAgreement:
    """Return in what a query, or a part of it, agrees with the frame at `time_s` of a keyframe's video.

    Without a time, and where the frame cannot be read, the keyframe's still is compared.  Raises
    UnknownVideo, and InputError for a region outside the picture.
    """
    frame = _frame_of(store, keyframe_id, time_s)
    described = DescribedPicture.begin(picture, region)
    found = compare_features(described.features.result(), describe(frame.image), mirrored=False)
    lines = np.zeros((0, 4), np.float32)
    if found is not None:
        lines = found.lines + np.array([*described.corner, *frame.corner], np.float32)
    height, width = described.image.shape[:2]
    return FrameAgreement(
        query_size=(picture.shape[1], picture.shape[0]),
        frame_size=frame.size,
        time_s=frame.time_s,
        is_still=bool(frame.reason) or time_s is None,
        corners=None if found is None else _corners(found.homography, (width, height), frame.corner),
        lines=lines,
        reasons=(*_reasons(found), *([frame.reason] if frame.reason else [])),
    )


def _frame_of(store: Store, keyframe_id: KeyframeId, time_s: float | None) -> _ComparedFrame:
    (keyframe,) = store.keyframe_rows([store.row_of(keyframe_id)])
    video = store.video(keyframe_id.video)
    path = existing_path(video) if video is not None and video.paths else Path()
    reason = ""
    if time_s is not None and video is not None:
        frame = read_picture_at(path, time_s, keyframe_id.video) if is_online(path) else None
        if frame is not None:
            shown = crop_picture(frame, video.borders)
            corner = (0, 0) if shown is frame or video.borders is None else video.borders[:2]
            return _ComparedFrame(shown, (frame.shape[1], frame.shape[0]), corner, time_s)
        reason = UNREADABLE_REASON if is_online(path) else OFFLINE_REASON
    still = decode_still(store.still(keyframe_id))
    keyframe_s = 0.0 if keyframe is None else keyframe.time_s
    return _ComparedFrame(still, (still.shape[1], still.shape[0]), (0, 0), keyframe_s, reason)


def _corners(homography: Matrix, query: Size, corner: tuple[int, int]) -> Matrix | None:
    """Return the corners of the query in the frame; None where the map takes one of them to infinity."""
    to_frame = shift(*corner) @ homography
    depths = np.hstack([outer_corners(query), np.ones((4, 1))]) @ to_frame[2]
    if depths.min() * depths.max() <= 0:
        return None
    return project(to_frame, outer_corners(query))


def _reasons(found: Verification | None) -> list[str]:
    if found is None:
        return [NOTHING_AGREES_REASON]
    reasons = []
    if found.inliers < FEW_INLIERS:
        reasons.append(FEW_AGREE_REASON.format(count=found.inliers))
    if found.spread < LOW_SPREAD:
        reasons.append(PART_AGREES_REASON)
    if found.agreement < LOW_AGREEMENT:
        reasons.append(PLACES_DIFFER_REASON.format(share=1.0 - found.agreement))
    return reasons
