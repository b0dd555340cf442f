"""When to seal the tail and which segments to merge: decisions only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompactionPolicy:
    """When segments are sealed and merged.

    `seal_at` rows in the tail make a segment.  No segment is made of more than `largest` rows.  A segment
    is written again once the share `dead_share` of its rows is forgotten.

    The cost of a search depends about as much on the number of segments as on their sizes, so few large
    ones are wanted; but a merge holds codes or projected rows in memory, so `largest` limits it.
    """

    seal_at: int
    largest: int
    dead_share: float = 0.25


SEAL_CODES = 262_144
"""Codes of views in memory from which they become a file: 11 MB, an hour or two of film."""

LARGEST_SEGMENT_CODES = 10_000_000
"""Codes of one file that is made of others, 420 MB: while they are merged they are in memory.  More than 32
times `SEAL_CODES`, since sealed files are a little larger than that."""

FRAME_COMPACTION = CompactionPolicy(SEAL_CODES, LARGEST_SEGMENT_CODES)
"""When lists of views in memory become a file and when files are merged, counted in codes."""


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """The rows of a segment, and how many of them are forgotten."""

    rows: int
    dead: int = 0

    @property
    def live(self) -> int:
        """Rows that a new segment would have."""
        return self.rows - self.dead


@dataclass(frozen=True, slots=True)
class Seal:
    """The step that makes a segment of the `rows` oldest rows of the tail."""

    rows: int


@dataclass(frozen=True, slots=True)
class Merge:
    """The step that replaces the segments `first` to `last`, inclusive, by one of their live rows."""

    first: int
    last: int


def next_step(segments: Sequence[SegmentSize], tail: int, policy: CompactionPolicy) -> Seal | Merge | None:
    """Return the next step for segments in order of age, oldest first; None where there is none.

    A segment is merged with the newer ones behind it, as far as all of them fit into one, once these
    hold as many rows together as it does.  So each segment outweighs the newer ones up to the next that
    is too large to join them; their number is the logarithm of the rows, and so is the number of times
    that a row is written.
    """
    if tail >= policy.seal_at:
        return Seal(min(tail, policy.largest))
    for position, segment in enumerate(segments):
        if segment.dead > policy.dead_share * segment.rows:
            return Merge(position, position)
    for position, segment in enumerate(segments):
        newer, last = 0, position
        for later in segments[position + 1 :]:
            if segment.live + newer + later.live > policy.largest:
                break
            newer, last = newer + later.live, last + 1
        if last > position and segment.live <= newer:
            return Merge(position, last)
    return None
