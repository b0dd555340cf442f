"""When exactly: the scene, or what thumbnails say is the likely part of it, is decoded again, and each frame
is compared with the query.

A frame of each of 58 real clips by chance, in a scene's span, with time enough (``PYTHONPATH=. python
tests/bench/measure/localise.py --frames 1 --seed 7``): of unedited queries .957 come out within one frame,
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
from cbvir_core.localise.compare import WHOLE_FIRST, Best, best_placed, best_whole
from cbvir_core.localise.frames import Budget, Look, Span
from cbvir_core.localise.query import Question
from cbvir_core.localise.reading import Seen, see, see_parts
from cbvir_core.localise.thumbnails import Survey
from cbvir_core.types import Grey, Image, VideoId, VideoInfo

BUDGET_S = 0.6
"""On each fourth clip (``--every 4 --budget 0.6``) as right as without a limit; 0.4 and 0.25, on a machine
that did other work too, brought unedited queries from 1.0 within one frame to .87 and .80 (with
`READING` 0.7)."""

SLACK_S = 0.35
"""A scene's ends are those of frames that ingest looked at, three a second: up to one interval more on each
side belongs to it or to its neighbour, and nobody knows which."""

LEAST_FIT = 0.4
"""Fit of the best frame below which it says nothing."""

SURE_FIT = 0.8
"""Fit from which a frame is called exact.  The measurement above finds it below .86 for one in fifty of the
right ones; of five wrong ones it takes out at least three."""

COVERED = 0.8
"""Share of the picture that must lie on a frame which is to explain it, of what lay on the still."""

EQUAL_LEVELS = 1
"""Grey levels by which thumbnails of equal frames may differ anywhere."""

OF_THE_KEYFRAME = "The time is the keyframe's."
OF_A_THUMBNAIL = "The time is that of the best of the frames that indexing looked at."
TOO_SHORT = "Time was over before a frame was seen that shows the picture clearly."


@dataclass(frozen=True, slots=True)
class Moment:
    """When the picture is shown.

    `time_s` is the first of the run of equal frames that fits best and `until_s` the last of it: in a
    still shot there are many, they count as the same moment, and a person asks when it begins.  `fit` is
    at most 1, and 0 if no frame was compared; `explained` the share of the picture, by its texture, that
    this frame shows, 0 if none was found.  `exact` says that the picture is the whole frame, that all frames
    of the scene, or of its likely parts, were compared and that the best of them fits; if not, `reason` says
    in a sentence what `time_s` is.  A part of a frame, or one off a screen, can fit its neighbours as well.
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
    survey: Survey | None = None,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Moment:
    """The frame of the scene `span` (start and end in seconds) that fits the query best.

    `keyframe_s` is the time of the keyframe that was found.  `transform` maps pixels of `query` as it is
    handed in to pixels of that keyframe's still (the frame shrunk to `STILL_SIDE`), as verification finds
    it; of negative determinant if `mirrored`.  Without it the query is taken as the whole frame, mirrored
    or not.  With `video_id` the file must still be that video.  With what a `survey` of the scene's
    thumbnails says, if one of them is clear, only the likely parts of the scene are decoded, and the query is
    looked for as it lies there (``survey.transform``, of the same still).

    Raises nothing for a file: if it is offline, changed or cannot be decoded, or the budget (seconds of
    `clock`) is over too soon, the time of the thumbnail that fits best, or else the keyframe's, is given with
    ``exact=False`` and the reason.
    """
    fallback = _Fallback(keyframe_s, survey)
    budget = Budget(budget_s, clock)
    try:
        info = probe(path)
        if video_id is not None and info.video_id != video_id:
            raise FileChanged(f"{path} is another video now.")
        frame = (info.width, info.height)
        if fallback.clear is not None:
            transform = fallback.clear.transform
        question = Question(query, transform, mirrored, still=fit_size(*frame, STILL_SIDE), frame=frame)
        seen = _see(info, span, question, fallback, budget)
    except CbvirError as error:
        return fallback.moment(Look(), 0.0, str(error))
    if not seen.look.frames:
        why = "No frame of the scene could be read."
        return fallback.moment(seen.look, 0.0, why if seen.look.complete else TOO_SHORT)
    return _moment(seen, question, _compare(seen, question, budget), fallback, budget)


@dataclass(frozen=True, slots=True)
class _Fallback:
    """The time that is known without the file."""

    keyframe_s: float
    survey: Survey | None

    @property
    def clear(self) -> Survey | None:
        """What thumbnails say, if one of them shows the picture clearly."""
        return self.survey if self.survey and self.survey.fit >= LEAST_FIT else None

    def moment(self, looked: Look, fit: float, reason: str) -> Moment:
        """The best that is known, with the reason why it is no more."""
        clear = self.clear
        time_s = clear.time_s if clear else self.keyframe_s
        return Moment(
            time_s=time_s,
            until_s=time_s,
            fit=clear.fit if clear else fit,
            exact=False,
            frames_looked_at=len(looked.frames),
            frames_decoded=looked.decoded,
            reason=f"{reason} {OF_A_THUMBNAIL if clear else OF_THE_KEYFRAME}",
        )


def _see(info: VideoInfo, span: Span, question: Question, known: _Fallback, budget: Budget) -> Seen:
    if (survey := known.clear) is not None:
        return see_parts(info, survey.spans, question, survey.time_s, budget)
    wide = (max(0.0, span[0] - SLACK_S), span[1] + SLACK_S)
    return see(info, wide, question, known.keyframe_s, budget)


def _compare(seen: Seen, question: Question, budget: Budget) -> Best | None:
    """The better of the two ways in which the query may lie on the film."""
    whole = best_whole(seen.look, question.whole) if question.whole else None
    placed = None
    if question.placed and seen.start and (whole is None or whole.fit < 1 - WHOLE_FIRST):
        placed = best_placed(seen.look, question.placed, seen.start, budget)
    if whole and placed:
        return whole if whole.fit >= placed.fit - WHOLE_FIRST else placed
    return whole or placed


def _moment(seen: Seen, question: Question, best: Best | None, fallback: _Fallback, budget: Budget) -> Moment:
    looked = seen.look
    late = budget.used() or not looked.complete
    least = max(LEAST_FIT, fallback.clear.fit if late and fallback.clear else 0.0)
    if best is None or best.fit < least:
        why = TOO_SHORT if late else "No frame of the scene shows the picture clearly."
        return fallback.moment(looked, best.fit if best else 0.0, why)
    first, last = equal_run(looked, best.number)
    count = len(looked.frames)
    reason = ""
    if late:
        reason = f"Time was over: the best of the {count} frames looked at, not of all."
    elif best.fit < SURE_FIT:
        reason = "The frame that fits best, but in part only."
    elif best.place is not None:
        reason = "The picture is not the whole frame: the frame that fits best, perhaps not its own."
    return Moment(
        time_s=looked.times_s[first],
        until_s=looked.times_s[last],
        fit=best.fit,
        exact=not reason,
        frames_looked_at=count,
        frames_decoded=looked.decoded,
        reason=reason,
        explained=_explained(looked.frames[best.number], best, question),
    )


def _explained(frame: Grey, best: Best, question: Question) -> float:
    pattern = question.whole if best.place is None else question.placed
    if pattern is None or (fit := pattern.fit(frame, best.place)) is None:
        return 0.0
    verified = pattern.fit(frame, pattern.place)
    # A map that has drifted until a corner is left of the picture says nothing of the rest.
    if verified is None or fit.weights.sum() < COVERED * verified.weights.sum():
        return 0.0
    return pattern.explained([fit])


def equal_run(looked: Look, number: int) -> tuple[int, int]:
    """First and last of the frames around `number` that show the same picture."""
    frames = looked.frames

    def same(other: int) -> bool:
        apart = np.abs(frames[other].astype(np.int16) - frames[number])
        return bool(apart.max() <= EQUAL_LEVELS)

    first = last = number
    while first > 0 and same(first - 1):
        first -= 1
    while last + 1 < len(frames) and same(last + 1):
        last += 1
    return first, last
