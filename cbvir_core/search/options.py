"""What a query may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cbvir_core.search.scores import LIKELY_SCORE, MATCH_SCORE
from cbvir_core.search.shortlist import AT_MOST

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture as it is shown (EXIF rotation done)."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Options of one query.

    `top` is how many scenes the answer may name.  `region` limits the question to a part of the
    picture, `within` the answer to videos: each entry is a folder, a video's path, or a video's id
    (a unique prefix is enough).  `shortlist` bounds how many keyframes are refined
    (`cbvir_core.search.shortlist`).  A score of `match_score` or more is called a match, one of
    `likely_score` or more likely (`cbvir_core.search.scores`).  Where SOLAR's network is not loaded
    yet, a query waits for it; without `wait_for_refine` the filter answers alone, and a note says so.
    """

    top: int = 10
    region: Region | None = None
    within: tuple[Path | str, ...] = ()
    shortlist: int = AT_MOST
    match_score: float = MATCH_SCORE
    likely_score: float = LIKELY_SCORE
    wait_for_refine: bool = True

    def __post_init__(self) -> None:
        if self.top < 1 or self.shortlist < 1:
            raise ValueError("top and shortlist want at least 1")
        if not 0.0 <= self.likely_score <= self.match_score <= 1.0:
            raise ValueError("scores want 0 <= likely_score <= match_score <= 1")
