"""The third look: local features of the best candidates, compared point by point with the query.

Descriptors say which stills look like the picture; this says which of them show it, and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress

from cbvir_core.decode import decode_still
from cbvir_core.errors import StoreDamaged, StoreError
from cbvir_core.localise import Survey, survey
from cbvir_core.search.answer import Candidate
from cbvir_core.search.parallel import aside, together
from cbvir_core.search.prepare import MIRRORED
from cbvir_core.store import Store
from cbvir_core.types import Image
from cbvir_core.verify import QUERY, LocalFeatures, Verification, describe, pack, unpack, verify

VERIFIED = 8
"""Scenes that are verified, best first: 4 ms each, twice that where nothing agrees."""


class Verifier:
    """Compares queries with stills.  Features of stills are kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, picture: Image) -> Future[LocalFeatures]:
        """Describes a query beside whatever else is done for it."""
        return aside(lambda: describe(picture, QUERY))

    def check(
        self, query: LocalFeatures, rows: Sequence[int], variants: Sequence[str]
    ) -> dict[int, Verification | None]:
        """What the query has in common with the still in each row; None where nothing that counts.

        Features that are not kept yet, 30 ms each, are made and kept; a row whose video was forgotten
        meanwhile is left out.  `variants` are the names of those by which the rows were found.
        """
        stills = self._stills(rows)
        names = dict(zip(rows, variants, strict=True))
        known = [row for row in rows if row in stills]
        found = together(lambda row: _compare(query, stills[row], MIRRORED in names[row]), known)
        return dict(zip(known, found, strict=True))

    def survey(self, part: Image, scene: Candidate, found: Verification) -> Survey | None:
        """What all that indexing saw of the scene says of a part of the query that agrees with its still.

        None where nothing is kept of it, or nothing of that can be compared.
        """
        with suppress(StoreDamaged):
            if (seen := self._store.thumbnails(scene.keyframe.row)) is not None:
                return survey(
                    seen,
                    part,
                    keyframe_s=scene.keyframe.time_s,
                    still=scene.video.still_size,
                    transform=found.homography,
                    mirrored=found.mirrored,
                )
        return None

    def _stills(self, rows: Sequence[int]) -> dict[int, LocalFeatures]:
        known: dict[int, LocalFeatures] = {}
        for row, packed in zip(rows, self._store.features(rows), strict=True):
            if packed is not None:
                with suppress(StoreDamaged):  # made anew like one that is missing
                    known[row] = unpack(packed)
        missing = [row for row in rows if row not in known]
        made: dict[int, bytes] = {}
        for one in together(lambda row: features_of(self._store, [row]), missing):
            made |= one
        keep(self._store, made)
        return known | {row: unpack(packed) for row, packed in made.items()}


def features_of(store: Store, rows: Sequence[int]) -> dict[int, bytes]:
    """Packed features of stills; a row whose video was forgotten meanwhile is left out."""
    stills = {row: still for row in rows if (still := store.still_of_row(row)) is not None}
    return {row: pack(describe(decode_still(still))) for row, still in stills.items()}


def keep(store: Store, made: Mapping[int, bytes]) -> None:
    """Puts features into the store; a full disk costs only that they are made again."""
    if made:
        with suppress(StoreError):
            store.put_features(made)


def _compare(query: LocalFeatures, still: LocalFeatures, mirrored: bool) -> Verification | None:
    """The way round by which the still was found first: a picture may have been found by the wrong one."""
    found = verify(query, still, mirror=mirrored)
    return found if found is not None else verify(query, still, mirror=not mirrored)
