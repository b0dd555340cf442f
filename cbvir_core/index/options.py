"""Options of an index; their defaults are set here only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How segments are made.

    Each has `trees` ANNOY trees.  `seal_at` fresh rows make a segment; no segment gets more than
    `largest` rows.  The projection keeps the share `variance` of the variance.

    At equal nodes visited 4, 12 and 40 trees gave the same recall to .01, and the time of a build grows
    with their number.  While a segment is made, about a kilobyte a row is held in memory, so at most that
    of `largest` rows.
    """

    trees: int = 12
    seal_at: int = 4096
    variance: float = 0.9
    largest: int = 262_144
