"""What a query may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cbvir_core.search.shortlist import AT_MOST, EVERYWHERE
from cbvir_core.types import Region, VideoId

MATCH, LIKELY = 0.9, 0.5
"""Probabilities from which an answer is called a match, and likely."""

ANSWERED_S = 0.5
"""Seconds after it was asked at which a query stops looking for the exact moment."""

LEAST_S = 0.1
"""Seconds that the exact moment has in any case."""

Verify = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Options of one query.

    `top` is how many scenes the answer may name.  With `everywhere` it names every scene that is at least
    likely to show the picture, whatever `top` and `shortlist` say (`cbvir_core.search.everywhere` has the
    bounds).  `region` limits the question to a part of the picture, `within` the answer to videos: each
    entry is a folder, a video's path, or a video's id (a unique prefix is enough); videos in `without` are
    no answer.  `shortlist` bounds how many keyframes
    are refined (`cbvir_core.search.shortlist`).  A score of `match_score` or more is called a match, one of
    `likely_score` or more likely (`cbvir_core.search.scores`).  Where SOLAR's network is not loaded
    yet, a query waits for it; without `wait_for_refine` the filter answers alone, and a note says so.
    `verify` says whether local features of the best candidates are compared with the picture's: ``auto``
    does so where anything resembles it at all.  With `regions` (and unless `verify` is ``never``) parts of a
    picture that the whole gives no certain answer for are looked for too, if nothing is likely or there is
    time left for the exact moment.  The picture is also looked for with left and right exchanged (`mirrored`)
    and without its bars (`borders`).  The best hit's scene is decoded again for the frame that fits best,
    until `exact_time_s` seconds after the query began (0: not at all; else `LEAST_S` in any case; with
    `everywhere` until as long after all scenes are known).  Where that frame shows more of the picture than
    the thumbnails of the scene do, the hit is the more probable.
    """

    top: int = 10
    region: Region | None = None
    within: tuple[Path | str, ...] = ()
    without: frozenset[VideoId] = frozenset()
    shortlist: int = AT_MOST
    match_score: float = MATCH
    likely_score: float = LIKELY
    wait_for_refine: bool = True
    verify: Verify = "auto"
    exact_time_s: float = ANSWERED_S
    regions: bool = True
    mirrored: bool = True
    borders: bool = True
    everywhere: bool = False

    def __post_init__(self) -> None:
        if self.top < 1 or self.shortlist < 1:
            raise ValueError("top and shortlist want at least 1")
        if self.verify not in ("auto", "always", "never"):
            raise ValueError('verify wants "auto", "always" or "never"')
        if not self.exact_time_s >= 0.0:
            raise ValueError("exact_time_s wants 0 or more")
        if not 0.0 <= self.likely_score <= self.match_score <= 1.0:
            raise ValueError("scores want 0 <= likely_score <= match_score <= 1")

    @property
    def listed(self) -> int:
        """How many keyframes are shortlisted in any case, where there are so many."""
        return EVERYWHERE if self.everywhere else self.top
