"""The pass that verifies: local features of the best candidates, compared point by point with the query.

Descriptors say which stills look like the picture; this says which of them show it, and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.errors import StoreDamaged, StoreError
from cbvir_core.search.bounds import bounds_of
from cbvir_core.search.findings import Candidate, Findings, Scene
from cbvir_core.search.groups import score_margins, show_same_picture
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.store import Store
from cbvir_core.types import Image
from cbvir_core.verify import KEPT_FEATURES, LocalFeatures, Verification, describe, pack, unpack, verify

MIN_SCORE_TO_VERIFY = 0.1
"""Score of the best candidate below which ``verify = "auto"`` does not compare local features."""


class Verifier:
    """Compares queries with stills.  Features of stills are kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def verify(self, query: Query, known: Findings) -> Findings:
        """Return the candidates with what the picture has in common with the stills of the best of them."""
        if query.described is None or not worth_verifying(known.candidates, query.options):
            return known
        with query.clock.stage("verify"):
            known, checked = self._verify_in_order(query, query.described.features.result(), known)
            margins = [candidate.evidence.margin for candidate in known.candidates]
            if query.options.everywhere:
                margins = _margins_of_rivals(known, checked)
            changed: dict[int, Candidate] = {}
            for number, (candidate, margin) in enumerate(zip(known.candidates, margins, strict=True)):
                evidence = replace(candidate.evidence, margin=margin)
                if number in checked:
                    evidence = replace(evidence, checked=True, verification=checked[number])
                changed[number] = candidate.with_evidence(evidence, query.model)
            return known.with_candidates(changed)

    def compare(self, query: LocalFeatures, scenes: Sequence[Scene]) -> dict[int, Verification | None]:
        """Return, by row, what the query has in common with the still of each scene.

        It is None where that is nothing that counts.  Features that are not kept yet, 30 ms each, are
        computed and kept; a scene whose video was forgotten meanwhile is left out.
        """
        stills = self._stills([scene.keyframe.row for scene in scenes])
        present = [scene for scene in scenes if scene.keyframe.row in stills]
        found = parallel_map(
            lambda scene: compare_features(query, stills[scene.keyframe.row], scene.found_mirrored), present
        )
        return {scene.keyframe.row: one for scene, one in zip(present, found, strict=True)}

    def compare_still(self, query: LocalFeatures, row: int) -> Verification | None:
        """Return what the query has in common with one still; None where nothing that counts."""
        still = self._stills([row]).get(row)
        return None if still is None else compare_features(query, still, mirrored=False)

    def compare_stills(self, row: int, other: int) -> Verification | None:
        """Return what two stills have in common; None where nothing that counts."""
        one, another = self._stills([row]).get(row), self._stills([other]).get(other)
        return None if one is None or another is None else verify(one, another)

    def compare_picture(self, query: LocalFeatures, picture: Image, mirrored: bool) -> Verification | None:
        """Return what the query has in common with a frame; None where nothing that counts."""
        return compare_features(query, describe(picture), mirrored)

    def _verify_in_order(
        self, query: Query, features: LocalFeatures, known: Findings
    ) -> tuple[Findings, dict[int, Verification | None]]:
        """Verify the best candidates first, until too many in a row do not agree.

        Return the findings with all verifications, and those of the candidates by their places.
        """
        bounds = bounds_of(query.options)
        scenes = [candidate.scene for candidate in known.candidates[: bounds.verified]]
        verifications = dict(known.verifications)
        checked: dict[int, Verification | None] = {}
        failed_in_a_row = 0
        for start in range(0, len(scenes), bounds.verified_at_once):
            batch = scenes[start : start + bounds.verified_at_once]
            fresh = [scene for scene in batch if _key(scene) not in verifications]
            made = self.compare(features, fresh)
            for scene in fresh:
                if (row := scene.keyframe.row) in made:
                    verifications[_key(scene)] = made[row]
                    if made[row] is None:  # then neither way round agrees
                        verifications[row, not scene.found_mirrored] = None
            for number, scene in enumerate(batch, start):
                if _key(scene) in verifications:
                    checked[number] = verifications[_key(scene)]
                failed_in_a_row = failed_in_a_row + 1 if checked.get(number) is None else 0
            if failed_in_a_row >= bounds.patience:
                break
        return replace(known, verifications=verifications), checked

    def _stills(self, rows: Sequence[int]) -> dict[int, LocalFeatures]:
        """Return the features of the stills in these rows, from the store or computed."""
        stills: dict[int, LocalFeatures] = {}
        for row, packed in zip(rows, self._store.features(rows), strict=True):
            if packed is not None:
                with suppress(StoreDamaged):  # computed again like those that are missing
                    stills[row] = unpack(packed)
        missing = [row for row in rows if row not in stills]
        made: dict[int, bytes] = {}
        for one in parallel_map(lambda row: make_local_features(self._store, [row]), missing):
            made |= one
        _keep(self._store, made)
        return stills | {row: unpack(packed) for row, packed in made.items()}


def worth_verifying(candidates: Sequence[Candidate], options: SearchOptions) -> bool:
    """Return whether local features could say anything of candidates, best first."""
    return bool(candidates) and (options.verify != "auto" or candidates[0].scene.score >= MIN_SCORE_TO_VERIFY)


def make_local_features(store: Store, rows: Sequence[int]) -> dict[int, bytes]:
    """Return packed features of stills, by row; a row whose video was forgotten meanwhile is left out."""
    stills = {row: still for row in rows if (still := store.still_of_row(row)) is not None}
    return {row: pack(describe(decode_still(still), KEPT_FEATURES)) for row, still in stills.items()}


def _key(scene: Scene) -> tuple[int, bool]:
    return scene.keyframe.row, scene.found_mirrored


def _margins_of_rivals(known: Findings, checked: Mapping[int, Verification | None]) -> list[float]:
    """Return margins to scenes that do not show the same picture, now that some agree with the query."""
    agree = [checked.get(number) is not None for number in range(len(known.candidates))]
    same = show_same_picture(known.descriptors, np.array(agree, np.bool_))
    return score_margins([candidate.scene for candidate in known.candidates], same)


def _keep(store: Store, made: Mapping[int, bytes]) -> None:
    """Put features into the store; a full disk costs only that they are computed again."""
    if made:
        with suppress(StoreError):
            store.put_features(made)


def compare_features(query: LocalFeatures, still: LocalFeatures, mirrored: bool) -> Verification | None:
    """Compare the way round by which the still was found first; descriptors may have found the wrong one."""
    found = verify(query, still, mirror=mirrored)
    return found if found is not None else verify(query, still, mirror=not mirrored)
