"""Where a stretch may be shown again: windows of other videos that several of its frames vote for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cbvir_core.clips.film_frames import FilmFrames
from cbvir_core.clips.windows import OFFSET_BIN_S, WINDOW_SLACK_S, Window
from cbvir_core.duplicates.views import blank_frames, unit_views
from cbvir_core.index import FrameIndex, FrameNeighbours
from cbvir_core.store import Store
from cbvir_core.types import RowNumbers, Span, VideoId

ASK_S = 2.5
"""Seconds between two frames that ask, so that what is shared for five seconds is asked for twice."""

NEIGHBOURS_OF_FRAME = 64
"""Nearest views of each frame that are looked at."""

PROBED_LISTS_OF_COPY = 6
"""Inverted lists of 1,024 that are searched for each frame: a copy of it is in one of the nearest."""

MIN_VOTE_COSINE, FULL_VOTE_COSINE = 0.55, 0.9
"""Cosines of two whole frames, as their codes have them, from which one votes for the other, and from which
the vote is a whole one.  Of frames that were shrunk to 426 pixels and encoded again with CRF 34, half have
.75 and more with their originals and a tenth less than .5; the best of 6,000 photographs has .48 with the
median frame and .64 with one of a hundred."""

MIN_VOTING_FRAMES, MIN_WINDOW_VOTES = 2, 0.6
"""Frames that have to vote for a window, and the sum of their votes: one alone is often only similar."""

COMMON_VIDEOS = 16
"""Videos among the neighbours of one frame from which on it is common: a title, a studio, a test card."""

MAX_STRETCH_WINDOWS, MAX_COMMON_WINDOWS = 8, 3
"""Windows of a stretch that are compared frame by frame, and those of them that only common frames vote for.
A title that hundreds of videos share is found in three earlier ones of each, which joins all of them."""

MAX_WINDOW_S = 300.0
"""Seconds of a window: overlapping ones become one up to this length, so that memory does not grow where two
videos look alike all along."""

MAX_WINDOW_OVERLAP = 0.8
"""Share of a window that lies in another one from which on it is not compared too."""

AdmitVideo = Callable[[VideoId], bool]
"""Whether a video may be named."""


@dataclass(frozen=True, slots=True)
class FrameVote:
    """A vote of the frame with a number for a place `offset_s` later in another video.

    `weight` is above 0 and at most 1; `is_common` says that the frame is as near to very many videos.
    """

    number: int
    offset_s: float
    weight: float
    is_common: bool


def asking_frames(frames: FilmFrames) -> npt.NDArray[np.int64]:
    """Return the numbers of frames that ask: about `ASK_S` apart, no blank one, and each picture once."""
    asking: list[int] = []
    blank, next_s = blank_frames(frames.views), -math.inf
    for number, time_s in enumerate(frames.times_s.tolist()):
        if time_s < next_s or blank[number]:
            continue
        if asking and np.array_equal(frames.views[asking[-1], 0], frames.views[number, 0]):
            continue
        asking.append(number)
        next_s = time_s + ASK_S
    return np.array(asking, np.int64)


def vote_for_windows(
    store: Store, index: FrameIndex, span: Span, frames: FilmFrames, own: RowNumbers, admit: AdmitVideo
) -> list[Window]:
    """Return the windows of other videos that frames of a stretch vote for, the best first.

    `span` is that of the stretch; `own` are the rows of its video, which are left out; `admit` says which
    videos may be named.
    """
    asking = asking_frames(frames)
    if not len(asking):
        return []
    queries = unit_views(frames.views[asking, :1])[:, 0]
    found = index.search_views(queries, NEIGHBOURS_OF_FRAME, PROBED_LISTS_OF_COPY)
    near = [_near(one, own) for one in found]
    windows: list[tuple[Window, bool]] = []
    for video_id, votes in _votes(store, frames.times_s[asking], near, admit).items():
        windows += _windows(video_id, span, votes)
    windows.sort(key=lambda one: -one[0].votes)
    rare = _joined([window for window, is_common in windows if not is_common])[:MAX_STRETCH_WINDOWS]
    common = _joined([window for window, is_common in windows if is_common])[:MAX_COMMON_WINDOWS]
    return _joined([*rare, *common])[:MAX_STRETCH_WINDOWS]


def _near(found: FrameNeighbours, own: RowNumbers) -> FrameNeighbours:
    """Return the neighbours that are whole frames, near enough, and not among the `own` rows."""
    kept = (found.cosines > MIN_VOTE_COSINE) & (found.views == 0) & ~np.isin(found.rows, own)
    return FrameNeighbours(*(part[kept] for part in found))


def _votes(
    store: Store,
    times_s: npt.NDArray[np.float64],
    near: Sequence[FrameNeighbours],
    admit: AdmitVideo,
) -> dict[VideoId, list[FrameVote]]:
    """Return the votes for each video that is admitted; the neighbours of each frame come best first.

    The second video that a frame is near to has half a vote, the fourth a third, and so on: what is near to
    very many says little of each.
    """
    rows = sorted({row for one in near for row in one.rows.tolist()})
    videos = {one.row: one.keyframe_id.video for one in store.keyframe_rows(rows) if one is not None}
    admitted = [row for row in rows if row in videos and admit(videos[row])]
    codes = dict(zip(admitted, store.frame_codes(admitted), strict=True))
    votes: dict[VideoId, list[FrameVote]] = defaultdict(list)
    for number, (time_s, one) in enumerate(zip(times_s.tolist(), near, strict=True)):
        is_common = _is_common(one, videos)
        ranks: dict[VideoId, int] = {}
        for row, frame, _, cosine in zip(*(part.tolist() for part in one), strict=True):
            shown = codes.get(row)
            if shown is None or frame >= len(shown):
                continue
            rank = ranks.setdefault(videos[row], len(ranks) + 1)
            weight = _strength(cosine) / (1.0 + math.log2(rank))
            offset_s = float(shown.times_s[frame]) - time_s
            votes[videos[row]].append(FrameVote(number, offset_s, weight, is_common))
    return votes


def _is_common(near: FrameNeighbours, videos: Mapping[int, VideoId]) -> bool:
    """Return whether a frame is nearly as near to very many videos as to the nearest."""
    if not len(near.rows):
        return False
    least = _strength(float(near.cosines[0])) / 2
    alike = {
        videos.get(row)
        for row, cosine in zip(near.rows.tolist(), near.cosines.tolist(), strict=True)
        if _strength(cosine) >= least
    }
    return len(alike) >= COMMON_VIDEOS


def _strength(cosine: float) -> float:
    return min(1.0, (cosine - MIN_VOTE_COSINE) / (FULL_VOTE_COSINE - MIN_VOTE_COSINE))


def _windows(video_id: VideoId, span: Span, votes: Sequence[FrameVote]) -> list[tuple[Window, bool]]:
    """Return the windows of one video, each with whether only common frames vote for it."""
    bins: dict[float, dict[int, FrameVote]] = defaultdict(dict)
    for vote in votes:
        first = math.floor(vote.offset_s / (OFFSET_BIN_S / 2))
        for bin_s in ((first - 1) * OFFSET_BIN_S / 2, first * OFFSET_BIN_S / 2):
            best = bins[bin_s].get(vote.number)
            if best is None or vote.weight > best.weight:
                bins[bin_s][vote.number] = vote
    windows: list[tuple[Window, bool]] = []
    for bin_s, voting in bins.items():
        weight = sum(vote.weight for vote in voting.values())
        if len(voting) >= MIN_VOTING_FRAMES and weight >= MIN_WINDOW_VOTES:
            start_s = max(0.0, span[0] + bin_s - WINDOW_SLACK_S)
            end_s = span[1] + bin_s + OFFSET_BIN_S + WINDOW_SLACK_S
            is_common = all(vote.is_common for vote in voting.values())
            windows.append((Window(video_id, (start_s, end_s), False, weight), is_common))
    return windows


def _joined(windows: Sequence[Window]) -> list[Window]:
    """Return the windows with those joined that overlap, up to `MAX_WINDOW_S`; the order stays."""
    joined: list[Window] = []
    for window in windows:
        for number, other in enumerate(joined):
            span = min(window.span[0], other.span[0]), max(window.span[1], other.span[1])
            overlap_s = min(window.span[1], other.span[1]) - max(window.span[0], other.span[0])
            if window.video_id == other.video_id and overlap_s > 0:
                if span[1] - span[0] <= MAX_WINDOW_S:
                    joined[number] = replace(other, span=span)
                    break
                if overlap_s >= MAX_WINDOW_OVERLAP * (window.span[1] - window.span[0]):
                    break  # nearly all of it is compared already
        else:
            joined.append(window)
    return joined
