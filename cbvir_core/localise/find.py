"""The exact moment: the scene, or what thumbnails say is the likely part of it, is decoded again, and each
frame is compared with the query.

Measured with a frame of each of 15 real clips by chance (``python -m bench.measure.localise --every 4
--frames 1 --seed 7``) and with ten of a joined 720p film with a GOP of 250 (``--film``): of unedited queries
.80 and 1.00 come out within one frame, .87 and 1.00 if frames that equal the true one count as right, and
.93 and 1.00 within 0.5 s; of nine kinds of edited ones .87 and .93 within 0.5 s, .95 and .98 of those that
verification placed.  43 and 74 frames are decoded, median.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from cbvir_core.decode import STILL_SIDE, probe
from cbvir_core.decode.scale import fit_size
from cbvir_core.errors import CbvirError, FileChanged
from cbvir_core.geometry import Matrix, is_mirroring
from cbvir_core.localise.compare import WHOLE_FRAME_TOLERANCE, BestFrame, best_placed, best_whole
from cbvir_core.localise.frames import FrameSequence, HeldFrames, picture_at
from cbvir_core.localise.moment import (
    MIN_FRAME_FIT,
    NOTHING_CLEAR,
    NOTHING_READ,
    KnownWithoutFile,
    Moment,
)
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.localise.reading import SceneFrames, read_parts, read_scene
from cbvir_core.localise.runs import MAX_EQUAL_FRAME_DIFFERENCE, equal_run
from cbvir_core.localise.thumbnails import ThumbnailMatch
from cbvir_core.localise.work import LAST_RESORT_S, MAX_FRAMES_DECODED, TimeBudget, WorkBudget
from cbvir_core.types import Grey, Image, Span, VideoId, VideoInfo

SCENE_END_SLACK_S = 0.35
"""A scene's ends are those of frames that ingest sampled, three a second: up to one interval more on each
side belongs to it or to its neighbour, and it is not known to which."""

MIN_EXACT_FIT = 0.8
"""Fit from which a frame is called exact.  The measurement above finds it below .86 for one in fifty of the
right ones; of five wrong ones it takes out at least three."""

MIN_PICTURE_COVERAGE = 0.8
"""Share of the picture that must lie on a frame which is to explain it, of what lay on the still."""


def find_moment(
    path: str | Path,
    span: Span,
    query: Image,
    *,
    keyframe_s: float,
    transform: Matrix | None = None,
    mirrored: bool = False,
    video_id: VideoId | None = None,
    thumbnail_match: ThumbnailMatch | None = None,
    held: HeldFrames | None = None,
    budget_s: float = LAST_RESORT_S,
    clock: Callable[[], float] = time.monotonic,
) -> Moment:
    """Return the frame of the scene `span` (start and end in seconds) that fits the query best.

    `keyframe_s` is the time of the keyframe that was found.  `transform` maps pixels of `query` as it is
    handed in to pixels of that keyframe's still (the frame shrunk to `STILL_SIDE`), as verification finds
    it; of negative determinant if `mirrored`.  Without it the query is taken as the whole frame, mirrored
    or not.  With `video_id` the file must still be that video.  With a `thumbnail_match` that is clear, only
    the likely parts of the scene are decoded, and the query is looked for as it lies on that thumbnail
    (``thumbnail_match.transform``, to the same still).  What is `held` of the file is not decoded again.

    How much is decoded and compared is bounded by counts (`cbvir_core.localise.work`), so that the same
    question has the same moment on a slow or busy machine; after `budget_s` seconds of `clock` it is given up
    all the same, as a last resort.

    Raise nothing for a file: if it is offline, changed or cannot be decoded, or the bounds are reached too
    soon, the moment has the time of the thumbnail that fits best, or else the keyframe's, with
    ``exact=False`` and the reason.
    """
    fallback = KnownWithoutFile(keyframe_s, thumbnail_match)
    work = WorkBudget(MAX_FRAMES_DECODED, TimeBudget(budget_s, clock))
    try:
        info = probe(path, like=video_id)
        if video_id is not None and info.video_id != video_id:
            raise FileChanged(f"{path} is another video now.")
        frame = (info.width, info.height)
        if fallback.clear_match is not None:
            transform = fallback.clear_match.transform
            mirrored = is_mirroring(transform)
        localised = LocalisationQuery(
            query, transform, mirrored, still=fit_size(*frame, STILL_SIDE), frame=frame
        )
        scene = _read(info, span, localised, fallback, work, held)
        if not scene.sequence.frames:
            reason = NOTHING_READ if scene.sequence.complete else work.reason
            return fallback.moment(scene.sequence, 0.0, reason)
        return _moment(info, scene, localised, _best_frame(scene, localised, work), fallback, work)
    except CbvirError as error:
        return fallback.moment(FrameSequence(), 0.0, str(error))


def _read(
    info: VideoInfo,
    span: Span,
    query: LocalisationQuery,
    fallback: KnownWithoutFile,
    work: WorkBudget,
    held: HeldFrames | None,
) -> SceneFrames:
    if (match := fallback.clear_match) is not None:
        return read_parts(info, match, query, work, held)
    widened = (max(0.0, span[0] - SCENE_END_SLACK_S), span[1] + SCENE_END_SLACK_S)
    return read_scene(info, widened, query, fallback.keyframe_s, work)


def _best_frame(scene: SceneFrames, query: LocalisationQuery, work: WorkBudget) -> BestFrame | None:
    """Return the best frame by the better of the two ways in which the query may lie on the film."""
    whole = best_whole(scene.sequence, query.whole) if query.whole else None
    placed = None
    if query.placed and scene.known and (whole is None or whole.fit < 1 - WHOLE_FRAME_TOLERANCE):
        placed = best_placed(scene.sequence, query.placed, scene.known, work.is_late)
    if whole and placed:
        return whole if whole.fit >= placed.fit - WHOLE_FRAME_TOLERANCE else placed
    return whole or placed


def _moment(
    info: VideoInfo,
    scene: SceneFrames,
    query: LocalisationQuery,
    best: BestFrame | None,
    fallback: KnownWithoutFile,
    work: WorkBudget,
) -> Moment:
    sequence = scene.sequence
    limit = work.reason if work.late or not sequence.complete else ""
    match = fallback.clear_match
    if best is None or best.fit < max(MIN_FRAME_FIT, match.fit if limit and match else 0.0):
        return fallback.moment(sequence, best.fit if best else 0.0, limit or NOTHING_CLEAR)
    first, last = equal_run(sequence.frames, best.index, MAX_EQUAL_FRAME_DIFFERENCE, scene.breaks)
    reason = _why_not_exact(best, len(sequence.frames), limit)
    picture, decoded = sequence.pictures.get(sequence.times_s[first]), 0
    if picture is None:
        again = work.sharing_time(MAX_FRAMES_DECODED)
        picture, decoded = picture_at(info, sequence.times_s[first], again)
    return Moment(
        time_s=sequence.times_s[first],
        until_s=sequence.times_s[last],
        fit=best.fit,
        exact=not reason,
        frames_looked_at=len(sequence.frames),
        frames_decoded=sequence.decoded + decoded,
        reason=reason,
        explained=_explained(sequence.frames[best.index], best, query),
        picture=picture,
    )


def _why_not_exact(best: BestFrame, compared: int, limit: str) -> str:
    """Return in a sentence why the best frame may not be the true one; empty if it is."""
    if limit:
        return f"{limit} This is the best of the {compared} frames that were compared."
    if best.fit < MIN_EXACT_FIT:
        return "The frame that fits best, but in part only."
    if best.placement is not None:
        return "The picture is not the whole frame: the frame that fits best, perhaps not its own."
    return ""


def _explained(frame: Grey, best: BestFrame, query: LocalisationQuery) -> float:
    pattern = query.whole if best.placement is None else query.placed
    if pattern is None or (fit := pattern.fit(frame, best.placement)) is None:
        return 0.0
    verified = pattern.fit(frame, pattern.placement)
    # A placement that has drifted until a corner is left of the picture says nothing of the rest.
    if verified is None or fit.weights.sum() < MIN_PICTURE_COVERAGE * verified.weights.sum():
        return 0.0
    return pattern.explained([fit])
