"""Spans of time: what they cover together, and how much two have in common."""

from __future__ import annotations

from collections.abc import Iterable

from cbvir_core.types import Span


def span_length(span: Span) -> float:
    """Return the seconds of a span."""
    return span[1] - span[0]


def covered_s(spans: Iterable[Span]) -> float:
    """Return the seconds that spans cover together; what lies in several counts once."""
    covered, end_s = 0.0, float("-inf")
    for start_s, stop_s in sorted(spans):
        covered += max(0.0, stop_s - max(start_s, end_s))
        end_s = max(end_s, stop_s)
    return covered


def overlap_share(one: Span, other: Span) -> float:
    """Return the seconds in both by the seconds in either, from 0 to 1."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    either = max(one[1], other[1]) - min(one[0], other[0])
    return max(0.0, both) / either if either > 0 else 0.0
