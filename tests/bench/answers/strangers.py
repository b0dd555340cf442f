"""Photographs that are not in the library, without those that are near-duplicates of one there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.retrieval.descriptors import PerceptualHash
from bench.retrieval.photographs import Photograph
from cbvir_core.decode import read_picture
from cbvir_core.types import Rows

SAME_PHOTOGRAPH_SIMILARITY = 0.5
"""Inner product of perceptual hashes above which two photographs count as the same: three of four bits agree.

The photographs come from collections that hold pictures twice, mirrored, in other colours and in series.  Of
1,000 strangers 13 are that near to a distractor; looked at, they show the same picture, the same product or
the same person.  The hash has no part in any answer, so leaving them out favours nobody."""


def strangers_among(strangers: Sequence[Photograph], library: Sequence[Photograph]) -> list[Photograph]:
    """Return the photographs that resemble none in the library, mirrored or not."""
    if not library or not strangers:
        return list(strangers)
    known = _hashes(library)
    likeness = np.maximum(_hashes(strangers) @ known.T, _hashes(strangers, mirrored=True) @ known.T)
    return [
        one
        for one, alike in zip(strangers, likeness.max(axis=1), strict=True)
        if alike < SAME_PHOTOGRAPH_SIMILARITY
    ]


def _hashes(photographs: Sequence[Photograph], mirrored: bool = False) -> Rows:
    step = -1 if mirrored else 1
    hashed = PerceptualHash()
    rows = (hashed.describe([np.ascontiguousarray(read_picture(data)[:, ::step])]) for _, data in photographs)
    return np.concatenate(list(rows))
