"""The exact moment: the scene, or what thumbnails say is the likely part of it, is decoded again, and each
frame is compared with the query.

Measured with a frame of each of 58 real clips by chance, in a scene's span, with time enough (``python -m
bench.measure.localise --frames 1 --seed 7``): of unedited queries .957 come out within one frame,
.991 if frames that equal the true one count as right; of nine kinds of edited ones .895 and .929 within
0.5 s, .967 of those that verification could place; 140 and 173 ms of CPU, median, for 133 decoded frames.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.decode import STILL_SIDE, probe
from cbvir_core.decode.scale import fit_size
from cbvir_core.errors import CbvirError, FileChanged
from cbvir_core.geometry import Matrix
from cbvir_core.localise.compare import WHOLE_FRAME_TOLERANCE, BestFrame, best_placed, best_whole
from cbvir_core.localise.frames import FrameSequence, TimeBudget
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.localise.reading import SceneFrames, read_parts, read_scene
from cbvir_core.localise.thumbnails import ThumbnailMatch
from cbvir_core.types import Grey, Image, Span, VideoId, VideoInfo

LOCALISATION_BUDGET_S = 0.6
"""On each fourth clip (``--every 4 --budget 0.6``) as right as without a limit; 0.4 and 0.25, on a machine
that did other work too, brought unedited queries from 1.0 within one frame to .87 and .80 (with
`READING_SHARE` 0.7)."""

SCENE_END_SLACK_S = 0.35
"""A scene's ends are those of frames that ingest sampled, three a second: up to one interval more on each
side belongs to it or to its neighbour, and it is not known to which."""

MIN_FRAME_FIT = 0.4
"""Fit of the best frame below which it says nothing."""

MIN_EXACT_FIT = 0.8
"""Fit from which a frame is called exact.  The measurement above finds it below .86 for one in fifty of the
right ones; of five wrong ones it takes out at least three."""

MIN_PICTURE_COVERAGE = 0.8
"""Share of the picture that must lie on a frame which is to explain it, of what lay on the still."""

MAX_EQUAL_FRAME_DIFFERENCE = 1
"""Grey levels by which thumbnails of equal frames may differ anywhere."""

TIME_OF_KEYFRAME = "The time is the keyframe's."
TIME_OF_THUMBNAIL = "The time is that of the best of the frames that indexing looked at."
TIME_WAS_OVER = "Time was over before a frame was seen that shows the picture clearly."
NOTHING_READ = "No frame of the scene could be read."
NOTHING_CLEAR = "No frame of the scene shows the picture clearly."


@dataclass(frozen=True, slots=True)
class Moment:
    """When the picture is shown.

    `time_s` is the first of the run of equal frames that fits best and `until_s` the last of it: in a
    still shot there are many, they count as the same moment, and a person wants to know when it begins.
    `fit` is at most 1, and 0 if no frame was compared; `explained` the share of the picture, by its texture,
    that this frame shows, 0 if none was found.  `exact` says that the picture is the whole frame, that all
    frames of the scene, or of its likely parts, were compared and that the best of them fits; if not,
    `reason` says in a sentence what `time_s` is.  A part of a frame, or one off a screen, can fit its
    neighbours as well.
    """

    time_s: float
    until_s: float
    fit: float
    exact: bool
    frames_looked_at: int
    frames_decoded: int
    reason: str = ""
    explained: float = 0.0


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
    budget_s: float = LOCALISATION_BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Moment:
    """Return the frame of the scene `span` (start and end in seconds) that fits the query best.

    `keyframe_s` is the time of the keyframe that was found.  `transform` maps pixels of `query` as it is
    handed in to pixels of that keyframe's still (the frame shrunk to `STILL_SIDE`), as verification finds
    it; of negative determinant if `mirrored`.  Without it the query is taken as the whole frame, mirrored
    or not.  With `video_id` the file must still be that video.  With a `thumbnail_match` that is clear, only
    the likely parts of the scene are decoded, and the query is looked for as it lies on that thumbnail
    (``thumbnail_match.transform``, to the same still).

    Raise nothing for a file: if it is offline, changed or cannot be decoded, or the budget (seconds of
    `clock`) is over too soon, the moment has the time of the thumbnail that fits best, or else the
    keyframe's, with ``exact=False`` and the reason.
    """
    fallback = _Fallback(keyframe_s, thumbnail_match)
    budget = TimeBudget(budget_s, clock)
    try:
        info = probe(path)
        if video_id is not None and info.video_id != video_id:
            raise FileChanged(f"{path} is another video now.")
        frame = (info.width, info.height)
        if fallback.clear_match is not None:
            transform = fallback.clear_match.transform
        localised = LocalisationQuery(
            query, transform, mirrored, still=fit_size(*frame, STILL_SIDE), frame=frame
        )
        scene = _read(info, span, localised, fallback, budget)
    except CbvirError as error:
        return fallback.moment(FrameSequence(), 0.0, str(error))
    if not scene.sequence.frames:
        reason = NOTHING_READ if scene.sequence.complete else TIME_WAS_OVER
        return fallback.moment(scene.sequence, 0.0, reason)
    return _moment(scene, localised, _best_frame(scene, localised, budget), fallback, budget)


@dataclass(frozen=True, slots=True)
class _Fallback:
    """The time that is known without the file."""

    keyframe_s: float
    thumbnail_match: ThumbnailMatch | None

    @property
    def clear_match(self) -> ThumbnailMatch | None:
        """What thumbnails tell, if one of them shows the picture clearly."""
        match = self.thumbnail_match
        return match if match and match.fit >= MIN_FRAME_FIT else None

    def moment(self, sequence: FrameSequence, fit: float, reason: str) -> Moment:
        """Return the best that is known, with the reason why it is no more."""
        match = self.clear_match
        time_s = match.time_s if match else self.keyframe_s
        return Moment(
            time_s=time_s,
            until_s=time_s,
            fit=match.fit if match else fit,
            exact=False,
            frames_looked_at=len(sequence.frames),
            frames_decoded=sequence.decoded,
            reason=f"{reason} {TIME_OF_THUMBNAIL if match else TIME_OF_KEYFRAME}",
        )


def _read(
    info: VideoInfo, span: Span, query: LocalisationQuery, fallback: _Fallback, budget: TimeBudget
) -> SceneFrames:
    if (match := fallback.clear_match) is not None:
        return read_parts(info, match.spans, query, match.time_s, budget)
    widened = (max(0.0, span[0] - SCENE_END_SLACK_S), span[1] + SCENE_END_SLACK_S)
    return read_scene(info, widened, query, fallback.keyframe_s, budget)


def _best_frame(scene: SceneFrames, query: LocalisationQuery, budget: TimeBudget) -> BestFrame | None:
    """Return the best frame by the better of the two ways in which the query may lie on the film."""
    whole = best_whole(scene.sequence, query.whole) if query.whole else None
    placed = None
    if query.placed and scene.known and (whole is None or whole.fit < 1 - WHOLE_FRAME_TOLERANCE):
        placed = best_placed(scene.sequence, query.placed, scene.known, budget)
    if whole and placed:
        return whole if whole.fit >= placed.fit - WHOLE_FRAME_TOLERANCE else placed
    return whole or placed


def _moment(
    scene: SceneFrames,
    query: LocalisationQuery,
    best: BestFrame | None,
    fallback: _Fallback,
    budget: TimeBudget,
) -> Moment:
    sequence = scene.sequence
    late = budget.is_spent() or not sequence.complete
    match = fallback.clear_match
    if best is None or best.fit < max(MIN_FRAME_FIT, match.fit if late and match else 0.0):
        reason = TIME_WAS_OVER if late else NOTHING_CLEAR
        return fallback.moment(sequence, best.fit if best else 0.0, reason)
    first, last = equal_run(sequence, best.index)
    reason = _why_not_exact(best, len(sequence.frames), late=late)
    return Moment(
        time_s=sequence.times_s[first],
        until_s=sequence.times_s[last],
        fit=best.fit,
        exact=not reason,
        frames_looked_at=len(sequence.frames),
        frames_decoded=sequence.decoded,
        reason=reason,
        explained=_explained(sequence.frames[best.index], best, query),
    )


def _why_not_exact(best: BestFrame, compared: int, *, late: bool) -> str:
    """Return in a sentence why the best frame may not be the true one; empty if it is."""
    if late:
        return f"Time was over: the best of the {compared} frames looked at, not of all."
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


def equal_run(sequence: FrameSequence, index: int) -> tuple[int, int]:
    """Return the first and the last of the frames around `index` that show the same picture."""
    frames = sequence.frames

    def is_same(other: int) -> bool:
        difference = np.abs(frames[other].astype(np.int16) - frames[index])
        return bool(difference.max() <= MAX_EQUAL_FRAME_DIFFERENCE)

    first = last = index
    while first > 0 and is_same(first - 1):
        first -= 1
    while last + 1 < len(frames) and is_same(last + 1):
        last += 1
    return first, last
