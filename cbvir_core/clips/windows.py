"""Where a clip may lie: windows of films that many of its frames vote for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.clips.clip import Clip
from cbvir_core.embed import ViewRows
from cbvir_core.index import FrameIndex
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Span, VideoId

VOTING_FRAMES = 60
"""Frames of a clip that vote, evenly spread: each is a search among all frames of the library."""

VOTES_OF_FRAME = 64
"""Nearest views of each frame that are counted."""

OFFSET_BIN_S = 10.0
"""Seconds of difference between clip and film within which votes are for one place; more for long clips."""

MAX_WINDOWS = 12
"""Windows that are compared frame by frame, those with most votes."""

WINDOW_SLACK_S = 5.0
"""Seconds that a window is longer on each side than the clip."""

MAX_SPEED = 2.0
"""Times the speed of the film up to which all of a clip lies in its window."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a video, and whether the clip is mirrored in it; `votes` say how much speaks for it."""

    video_id: VideoId
    span: Span
    is_mirrored: bool
    votes: float


@dataclass(frozen=True, slots=True)
class _Vote:
    frame: int
    offset_s: float
    weight: float


def find_windows(
    store: Store,
    index: FrameIndex,
    clip: Clip,
    within: Collection[VideoId] | None = None,
    without: Collection[VideoId] = (),
    *,
    mirrored: bool = True,
) -> list[Window]:
    """Return the windows that most of the clip's frames vote for, the best first.

    `within` are the videos that may have them, None for all but those `without`.

    Each frame and, if `mirrored`, its mirror image vote for the nearest frames of the library, by how near
    they are.  The votes of one frame for one place count once.
    """
    found: list[Window] = []
    for is_mirrored in (False, True)[: 1 + mirrored]:
        votes = _votes(store, index, clip, clip.side(is_mirrored))
        found += [
            _window(video_id, bin_s, clip, is_mirrored, weight)
            for (video_id, bin_s), weight in _bins(votes, clip).items()
            if video_id not in without and (within is None or video_id in within)
        ]
    found.sort(key=lambda window: -window.votes)
    return _merged(found[: 2 * MAX_WINDOWS])[:MAX_WINDOWS]


def _votes(store: Store, index: FrameIndex, clip: Clip, views: ViewRows) -> dict[VideoId, list[_Vote]]:
    numbers = np.unique(np.linspace(0, len(clip) - 1, min(len(clip), VOTING_FRAMES)).round().astype(int))
    neighbours = index.search(views[numbers, 0], VOTES_OF_FRAME)
    rows = sorted({int(row) for one in neighbours for row in one.rows})
    keyframes = {row.row: row for row in store.keyframe_rows(rows) if row is not None}
    codes = dict(zip(rows, store.frame_codes(rows), strict=True))
    votes: dict[VideoId, list[_Vote]] = defaultdict(list)
    for number, one in zip(numbers.tolist(), neighbours, strict=True):
        least = float(one.cosines.min()) if len(one.cosines) else 0.0
        for row, frame, cosine in zip(
            one.rows.tolist(), one.frames.tolist(), one.cosines.tolist(), strict=True
        ):
            keyframe, known = keyframes.get(row), codes[row]
            if keyframe is None or known is None or frame >= len(known):
                continue
            offset_s = float(known.times_s[frame]) - float(clip.times_s[number])
            votes[keyframe.keyframe_id.video].append(_Vote(number, offset_s, cosine - least))
    return votes


def _bins(votes: dict[VideoId, list[_Vote]], clip: Clip) -> dict[tuple[VideoId, float], float]:
    """Return the votes for each video and offset, in bins that overlap by half."""
    width_s = _bin_width_s(clip)
    weights: dict[tuple[VideoId, float], float] = {}
    for video_id, own in votes.items():
        best: dict[tuple[float, int], float] = defaultdict(float)
        for vote in own:
            first = np.floor(vote.offset_s / (width_s / 2))
            for number in (first - 1, first):
                key = float(number * width_s / 2), vote.frame
                best[key] = max(best[key], vote.weight)
        for (bin_s, _), weight in best.items():
            weights[video_id, bin_s] = weights.get((video_id, bin_s), 0.0) + weight
    return weights


def _window(video_id: VideoId, bin_s: float, clip: Clip, is_mirrored: bool, votes: float) -> Window:
    start_s = max(0.0, bin_s - WINDOW_SLACK_S)
    end_s = bin_s + _bin_width_s(clip) + MAX_SPEED * clip.span[1] + WINDOW_SLACK_S
    return Window(video_id, (start_s, end_s), is_mirrored, votes)


def _bin_width_s(clip: Clip) -> float:
    return max(OFFSET_BIN_S, clip.span[1] / 2)


def _merged(windows: Iterable[Window]) -> list[Window]:
    """Return the windows with those joined that overlap, in one video and one way round."""
    merged: list[Window] = []
    for window in windows:
        for number, other in enumerate(merged):
            if _overlap(window, other):
                span = min(window.span[0], other.span[0]), max(window.span[1], other.span[1])
                merged[number] = replace(other, span=span, votes=max(window.votes, other.votes))
                break
        else:
            merged.append(window)
    return merged


def _overlap(one: Window, other: Window) -> bool:
    same = one.video_id == other.video_id and one.is_mirrored == other.is_mirrored
    return same and one.span[0] <= other.span[1] and other.span[0] <= one.span[1]


def scenes_within(scenes: Sequence[KeyframeRow], span: Span) -> list[KeyframeRow]:
    """Return the scenes that reach into a span."""
    return [one for one in scenes if one.scene_start_s <= span[1] and one.scene_end_s >= span[0]]
