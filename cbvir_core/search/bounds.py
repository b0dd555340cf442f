"""How far a query goes: the best few scenes, or every scene that shows the picture.

A stock shot of sixty films is sixty answers.  A query for everywhere compares candidates with the picture,
the best descriptors first, until `patience` in a row do not agree with it, and each scene that is probable is
a hit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cbvir_core.search.options import SearchOptions


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many keyframes and scenes the passes of a query take in hand.

    - `shortlisted`: keyframes that are shortlisted in any case, where there are so many.
    - `candidates`: scenes that are judged at most.
    - `verified`: scenes whose local features are compared at most, `verified_at_once` of them at a time.
    - `patience`: scenes in a row that do not agree after which no further one is compared.
    """

    shortlisted: int
    candidates: int
    verified: int
    verified_at_once: int
    patience: int


BEST_SCENES = Bounds(shortlisted=1, candidates=12, verified=12, verified_at_once=12, patience=12)
"""For the best few scenes: 4 ms for each that is verified, twice that where nothing agrees.  `top` may ask
for more of them."""

EVERY_SCENE = Bounds(shortlisted=1000, candidates=500, verified=500, verified_at_once=16, patience=64)
"""For every scene.  500 are judged in two seconds on two cores, and 64 that do not agree are compared in a
quarter of a second."""


def bounds_of(options: SearchOptions) -> Bounds:
    """Return the bounds of a query with these options."""
    if options.everywhere:
        return EVERY_SCENE
    return replace(BEST_SCENES, shortlisted=options.top, candidates=max(BEST_SCENES.candidates, options.top))
