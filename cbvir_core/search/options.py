"""What a query may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cbvir_core.search.shortlist import MAX_SHORTLISTED
from cbvir_core.types import Region, VideoId

MATCH_PROBABILITY, LIKELY_PROBABILITY = 0.9, 0.5
"""Probabilities from which an answer is called a match, and likely."""

EXACT_TIME_S = 20.0
"""Seconds after the beginning of a query at which the search for the exact moment is given up.  What is
decoded is bounded by counts (`cbvir_core.localise.work`), which are used up long before on any machine."""

MIN_MOMENT_S = 0.1
"""Seconds that the search for the exact moment has in any case."""

VerifyMode = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Options of one query.

    - `top`: how many scenes the answer names at most.
    - `region`: the part of the picture that is asked for; None for the whole.
    - `within`: limits the answer to videos.  Each entry is a folder, a video's path, or a video's id (a
      unique prefix is enough).
    - `without`: videos that are no answer.
    - `shortlist`: how many keyframes are refined at most (`cbvir_core.search.shortlist`).
    - `match_score`, `likely_score`: the probabilities from which a hit is called a match, and likely.
    - `wait_for_refine`: whether a query waits for SOLAR's network where it is not loaded yet.  Otherwise the
      filter answers alone, and a note says so.
    - `verify`: whether local features of the best candidates are compared with the picture's.  ``auto`` does
      so where any still resembles the picture at all.
    - `exact_time_s`: the best scenes are decoded again for the frame that fits best.  This many seconds after
      the query began (with `everywhere`: after all scenes are known) that is given up, and the answer says
      so; with 0 it is left out.  Where that frame shows more of the picture than the scene's thumbnails do,
      the hit is the more probable.
    - `regions`: whether parts of the picture, and the picture turned, are looked for too where the whole
      gives no certain answer; not if `verify` is ``never``.
    - `mirrored`, `borders`: whether the picture is also looked for with left and right exchanged, and without
      its bars.
    - `frames`: whether scenes are also found by their frames, and not by their keyframes alone.
    - `everywhere`: the answer names every scene that is at least likely to show the picture, whatever `top`
      and `shortlist` say (`cbvir_core.search.bounds`).
    """

    top: int = 10
    region: Region | None = None
    within: tuple[Path | str, ...] = ()
    without: frozenset[VideoId] = frozenset()
    shortlist: int = MAX_SHORTLISTED
    match_score: float = MATCH_PROBABILITY
    likely_score: float = LIKELY_PROBABILITY
    wait_for_refine: bool = True
    verify: VerifyMode = "auto"
    exact_time_s: float = EXACT_TIME_S
    regions: bool = True
    mirrored: bool = True
    borders: bool = True
    everywhere: bool = False
    frames: bool = True

    def __post_init__(self) -> None:
        if self.top < 1 or self.shortlist < 1:
            raise ValueError("top and shortlist want at least 1")
        if self.verify not in ("auto", "always", "never"):
            raise ValueError('verify wants "auto", "always" or "never"')
        if not self.exact_time_s >= 0.0:
            raise ValueError("exact_time_s wants 0 or more")
        if not 0.0 <= self.likely_score <= self.match_score <= 1.0:
            raise ValueError("scores want 0 <= likely_score <= match_score <= 1")
