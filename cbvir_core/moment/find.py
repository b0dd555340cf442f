"""When exactly: the scene is decoded again, and each of its frames is compared with the query.

A frame of each of 58 real clips by chance, in a scene's span, with time enough (``PYTHONPATH=. python
tests/moment/measure_moment.py --frames 1 --seed 7``): of unedited queries .957 come out within one frame,
.991 if frames that equal the true one count as right; of nine kinds of edited ones .895 and .929 within
0.5 s, .967 of those that verification could place; 140 and 173 ms of CPU, median, for 133 decoded frames.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.decode import probe
from cbvir_core.errors import CbvirError, FileChanged
from cbvir_core.moment.compare import Best, best_placed, best_whole
from cbvir_core.moment.look import Budget, Look, Span
from cbvir_core.moment.plane import Matrix
from cbvir_core.moment.query import Question
from cbvir_core.moment.scene import Seen, see
from cbvir_core.types import Image, VideoId

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

WHOLE_FIRST = 0.05
"""How much less a query taken as the whole frame may fit than one that is laid on each frame anew: laying
it fits the wrong frame a little better too."""

EQUAL_LEVELS = 1
"""Grey levels by which thumbnails of equal frames may differ anywhere."""

TOO_SHORT = "Time was over before a frame was seen that shows the picture clearly."


@dataclass(frozen=True, slots=True)
class Moment:
    """When the picture is shown.

    `time_s` is the first of the run of equal frames that fits best and `until_s` the last of it: in a
    still shot there are many, they count as the same moment, and a person asks when it begins.  `fit` is
    at most 1, and 0 if no frame was compared.  `exact` says that the picture is the whole frame, that all
    frames of the scene were compared and that the best of them fits; if not, `reason` says in a sentence
    what `time_s` is.  A part of a frame, or one off a screen, can fit its neighbours as well.
    """

    time_s: float
    until_s: float
    fit: float
    exact: bool
    frames_looked_at: int
    frames_decoded: int
    reason: str = ""


def find_moment(
    path: str | Path,
    span: Span,
    query: Image,
    *,
    keyframe_s: float,
    transform: Matrix | None = None,
    mirrored: bool = False,
    video_id: VideoId | None = None,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Moment:
    """The frame of the scene `span` (start and end in seconds) that fits the query best.

    `keyframe_s` is the time of the keyframe that was found.  `transform` maps pixels of `query` as it is
    handed in to pixels of that keyframe's still (the frame shrunk to `STILL_SIDE`), as verification finds
    it; of negative determinant if `mirrored`.  Without it the query is taken as the whole frame, mirrored
    or not.  With `video_id` the file must still be that video.

    Raises nothing for a file: if it is offline, changed or cannot be decoded, or the budget (seconds of
    `clock`) is over too soon, the keyframe's time is given with ``exact=False`` and the reason.
    """
    budget = Budget(budget_s, clock)
    try:
        info = probe(path)
        if video_id is not None and info.video_id != video_id:
            raise FileChanged(f"{path} is another video now.")
        question = Question(query, transform, mirrored, info)
        wide = (max(0.0, span[0] - SLACK_S), span[1] + SLACK_S)
        seen = see(info, wide, question, keyframe_s, budget)
    except CbvirError as error:
        return _keyframe(keyframe_s, Look(), 0.0, str(error))
    if not seen.look.frames:
        why = "No frame of the scene could be read."
        return _keyframe(keyframe_s, seen.look, 0.0, why if seen.look.complete else TOO_SHORT)
    return _moment(seen, _compare(seen, question, budget), keyframe_s, budget)


def _compare(seen: Seen, question: Question, budget: Budget) -> Best | None:
    """The better of the two ways in which the query may lie on the film."""
    whole = best_whole(seen.look, question.whole) if question.whole else None
    placed = None
    if question.placed and seen.start and (whole is None or whole.fit < 1 - WHOLE_FIRST):
        placed = best_placed(seen.look, question.placed, seen.start, budget)
    if whole and placed:
        return whole if whole.fit >= placed.fit - WHOLE_FIRST else placed
    return whole or placed


def _moment(seen: Seen, best: Best | None, keyframe_s: float, budget: Budget) -> Moment:
    looked = seen.look
    if best is None or best.fit < LEAST_FIT:
        late = budget.used() or not looked.complete
        why = TOO_SHORT if late else "No frame of the scene shows the picture clearly."
        return _keyframe(keyframe_s, looked, best.fit if best else 0.0, why)
    first, last = equal_run(looked, best.number)
    count = len(looked.frames)
    reason = ""
    if not looked.complete or budget.used():
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
    )


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


def _keyframe(keyframe_s: float, looked: Look, fit: float, reason: str) -> Moment:
    return Moment(
        time_s=keyframe_s,
        until_s=keyframe_s,
        fit=fit,
        exact=False,
        frames_looked_at=len(looked.frames),
        frames_decoded=looked.decoded,
        reason=f"{reason} The time is the keyframe's.",
    )
