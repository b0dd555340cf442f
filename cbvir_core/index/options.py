"""Options of an index; their defaults are set here only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How segments are made.

    `seal_at` fresh rows make a segment; no segment gets more than `largest` rows.  One of fewer than
    `lists_from` rows has `trees` ANNOY trees, whose projection keeps the share `variance` of the variance; a
    larger one has inverted lists.  With `trust_files` an opening believes files that have the size and the
    time that they were written with, and `verify` reads them later.

    At equal nodes visited 4, 12 and 40 trees gave the same recall to .01, and the time of a build grows
    with their number.  While trees are made, about a kilobyte a row is held in memory, and 150 bytes while
    lists are.
    """

    trees: int = 12
    seal_at: int = 4096
    variance: float = 0.9
    largest: int = 5_000_000
    lists_from: int = 4096
    trust_files: bool = True
