"""The order in which a scene is read, so that its likeliest part comes before the work allowed is used up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from cbvir_core.localise.compare import KnownPlacement, leading_frame
from cbvir_core.localise.frames import MAX_FRAMES_HELD, FrameSequence, HeldFrames, read_frame_sequence
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.localise.thumbnails import ThumbnailMatch
from cbvir_core.localise.work import MAX_INTRA_FRAMES, WorkBudget
from cbvir_core.types import Span, VideoInfo

SHORT_SCENE_S = 3.0
"""A scene up to this length is read in order; of a longer one the intra frames are read first."""

KEYFRAME_TOLERANCE_S = 0.5
"""How near to the keyframe a frame must be to stand for it."""


@dataclass(frozen=True, slots=True, eq=False)
class SceneFrames:
    """The frames that were read of a scene, and a frame on which the placement of the query is known.

    `breaks` are the indices of frames before which frames were left out that may look otherwise.
    """

    sequence: FrameSequence
    known: KnownPlacement | None
    breaks: frozenset[int] = frozenset()


def read_scene(
    info: VideoInfo, span: Span, query: LocalisationQuery, keyframe_s: float, work: WorkBudget
) -> SceneFrames:
    """Read the scene: all of it, or as much as `work` allows, the likeliest part first.

    The query is known to lie on the keyframe as it was placed.
    """
    known = _known_at(query, keyframe_s)
    if span[1] - span[0] <= SHORT_SCENE_S:
        return SceneFrames(_read(info, span, query, work), known)
    skimming = work.sharing_time(MAX_INTRA_FRAMES)
    skimmed = read_frame_sequence(info, span, skimming, query.thumbnail, only_keys=True)
    if not skimmed.frames:
        return SceneFrames(_read(info, span, query, work), known)
    best, known_at_best = leading_frame(skimmed, query)
    read = skimmed if _is_all_intra(skimmed, info) else FrameSequence(decoded=skimmed.decoded)
    read = _read_more(info, _unread_parts(skimmed, best, span, bool(read.frames)), query, work, read)
    has_keyframe = (
        read.frames and abs(read.times_s[read.nearest(keyframe_s)] - keyframe_s) <= KEYFRAME_TOLERANCE_S
    )
    # With only a part of the scene the camera's motion cannot be followed there from the keyframe.
    return SceneFrames(
        sequence=read if read.frames else skimmed.joined(read),
        known=known if has_keyframe and read.complete else known_at_best,
    )


def read_parts(
    info: VideoInfo,
    match: ThumbnailMatch,
    query: LocalisationQuery,
    work: WorkBudget,
    held: HeldFrames | None = None,
) -> SceneFrames:
    """Read the parts of the scene that thumbnails call likely, the likeliest first; not what is `held`.

    The query is known to lie on the thumbnail that fits best as it was placed.
    """
    spans = [(max(0.0, start_s), end_s) for start_s, end_s in match.spans]
    parts = list(spans)
    sequence = FrameSequence()
    for part in spans:
        if held is not None and (known := held.sequence(part, query.thumbnail)) is not None:
            sequence = sequence.joined(known)
            parts.remove(part)
    sequence = _read_more(info, parts, query, work, sequence)
    run = match.run or (match.time_s, match.time_s)
    left_out = [
        end_s
        for (_, end_s), (start_s, _) in pairwise(sorted(spans))
        if not (run[0] <= end_s and start_s <= run[1])
    ]
    breaks = {bisect_right(sequence.times_s, end_s) for end_s in left_out}
    return SceneFrames(sequence, _known_at(query, match.time_s), frozenset(breaks))


def _known_at(query: LocalisationQuery, time_s: float) -> KnownPlacement | None:
    placement = query.placed.placement if query.placed else None
    return None if placement is None else KnownPlacement(time_s, placement)


def _read_more(
    info: VideoInfo, parts: Iterable[Span], query: LocalisationQuery, work: WorkBudget, read: FrameSequence
) -> FrameSequence:
    """Add one part after the other to what was read, until the work is used up or the frames are too many."""
    for part in parts:
        if work.is_spent() or len(read.frames) >= MAX_FRAMES_HELD:
            return read.joined(FrameSequence(complete=False))
        read = read.joined(_read(info, part, query, work))
    return read


def _read(info: VideoInfo, span: Span, query: LocalisationQuery, work: WorkBudget) -> FrameSequence:
    return read_frame_sequence(info, span, work, query.thumbnail)


def _is_all_intra(skimmed: FrameSequence, info: VideoInfo) -> bool:
    """Return whether skimming read them all: nearly every frame is an intra frame, or is read as one."""
    covered_s = skimmed.times_s[-1] - skimmed.times_s[0]
    return len(skimmed.frames) > 0.9 * covered_s * (info.frames_per_s or 25.0) + 1


def _unread_parts(skimmed: FrameSequence, best: int, span: Span, all_intra: bool) -> Iterator[Span]:
    """Yield what is still to be read: between the intra frames beside the best one; before; after."""
    times_s = skimmed.times_s
    if all_intra:
        if not skimmed.complete:
            yield times_s[-1], span[1]
        return
    first_s = times_s[best - 1] if best > 0 else span[0]
    last_s = times_s[best + 1] if best + 1 < len(times_s) else span[1]
    yield first_s, last_s
    if first_s > span[0]:
        yield span[0], first_s
    if last_s < span[1]:
        yield last_s, span[1]
