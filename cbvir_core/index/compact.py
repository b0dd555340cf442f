"""When to seal the tail and which segments to merge: decisions, no work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`seal_at`: rows in the tail that make a segment.  `largest`: rows beyond which none is made.

    Searching costs about the same per segment as it does per size, so few large ones are wanted; but
    a merge holds the projected rows in memory, about a kilobyte each, so they end at `largest`.  A
    segment of which the share `dead` is forgotten is written again.
    """

    seal_at: int
    largest: int
    dead: float = 0.25


@dataclass(frozen=True, slots=True)
class Size:
    """A segment: its rows, and how many of them are forgotten."""

    rows: int
    dead: int = 0

    @property
    def live(self) -> int:
        """Rows that a new segment would have."""
        return self.rows - self.dead


@dataclass(frozen=True, slots=True)
class Seal:
    """Make a segment of the `rows` oldest rows of the tail."""

    rows: int


@dataclass(frozen=True, slots=True)
class Merge:
    """Replace the segments `first` to `last`, inclusive, by one of their live rows."""

    first: int
    last: int


def next_step(segments: Sequence[Size], tail: int, policy: Policy) -> Seal | Merge | None:
    """The next thing to do for segments in order of age, oldest first, or None.

    A segment is merged with the newer ones behind it, as far as all of them fit into one, once these
    hold as many rows together as it does.  So each segment outweighs the newer ones up to the next that
    is too large to join them; their number is the logarithm of the rows, and so is the number of times
    that a row is written.
    """
    if tail >= policy.seal_at:
        return Seal(min(tail, policy.largest))
    for place, segment in enumerate(segments):
        if segment.dead > policy.dead * segment.rows:
            return Merge(place, place)
    for place, segment in enumerate(segments):
        newer, last = 0, place
        for later in segments[place + 1 :]:
            if segment.live + newer + later.live > policy.largest:
                break
            newer, last = newer + later.live, last + 1
        if last > place and segment.live <= newer:
            return Merge(place, last)
    return None
