"""The stills by which a person sees what two videos share."""

from __future__ import annotations

from collections.abc import Sequence

from cbvir_core.duplicates.spans import span_length
from cbvir_core.store import KeyframeRow, SharedSegment
from cbvir_core.types import KeyframeId, Span


def time_in_second(segment: SharedSegment, time_s: float) -> float:
    """Return the time in the second video that shows a time of the first."""
    length_s = span_length(segment.first_span)
    share = (time_s - segment.first_span[0]) / length_s if length_s > 0 else 0.5
    if segment.is_reversed:
        share = 1.0 - share
    return segment.second_span[0] + share * span_length(segment.second_span)


def still_pair(
    segment: SharedSegment, scenes: Sequence[KeyframeRow], others: Sequence[KeyframeRow]
) -> tuple[KeyframeId, KeyframeId] | None:
    """Return the keyframes of both videos that show about the same moment of a segment.

    `scenes` are those of the first video, `others` those of the second.  None where one has none.
    """
    inside = [one for one in scenes if _lies_in(one, segment.first_span)] or list(scenes)
    if not inside or not others:
        return None
    pairs = [(one, min(others, key=lambda scene: _off(segment, one, scene))) for one in inside]
    best = min(
        pairs, key=lambda pair: (not pair[0].quality, round(_off(segment, *pair), 1), -pair[0].quality)
    )
    return best[0].keyframe_id, best[1].keyframe_id


def _lies_in(scene: KeyframeRow, span: Span) -> bool:
    return span[0] <= scene.time_s <= span[1]


def _off(segment: SharedSegment, one: KeyframeRow, other: KeyframeRow) -> float:
    return abs(time_in_second(segment, one.time_s) - other.time_s)
