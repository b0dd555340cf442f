"""SOLAR descriptors of the nearest keyframes, compared with the query's by cosine (MoReSo, Table I)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import decode_still
from cbvir_core.embed import Encoder
from cbvir_core.errors import StoreError
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.shortlist import NearestKeyframes
from cbvir_core.search.variants import Variant
from cbvir_core.store import Generation, Store
from cbvir_core.types import Image, RowMask, Rows

REFINED_VARIANTS = 2
"""Variants that are refined, nearest first: SOLAR takes 0.05 s each on one thread of a processor made for
bf16 and 0.45 s in float32, and a query has up to four of which one or two can be the right one."""

DESCRIPTORS_MADE = 2
"""Missing SOLAR descriptors that one query computes, nearest first.  They take as long as the query's own;
maintenance makes the others."""


@dataclass(frozen=True, slots=True)
class RefinedCosines:
    """For each keyframe the best cosine and its variant's number; neither counts where `known` is False."""

    cosines: npt.NDArray[np.float64]
    variants: npt.NDArray[np.int64]
    known: RowMask


class Refiner:
    """SOLAR descriptors of queries and of keyframes; those of keyframes are kept in the store."""

    def __init__(self, store: Store, generation: Generation, encoder: Encoder) -> None:
        self._store, self._generation, self._encoder = store, generation, encoder

    @property
    def delay(self) -> str | None:
        """Why SOLAR could not begin at once, in words; None where it could."""
        return self._encoder.delay

    def describe(self, picture: Image) -> Rows:
        """Return the descriptor of a picture: D."""
        row: Rows = self._encoder.encode([picture])[0]
        return row

    def query_rows(
        self, variants: Sequence[Variant], nearest: NearestKeyframes
    ) -> tuple[npt.NDArray[np.int64], Rows]:
        """Return numbers and descriptors of the `REFINED_VARIANTS` variants with the nearest keyframes."""
        _, first = np.unique(nearest.variants, return_index=True)
        chosen = nearest.variants[np.sort(first)[:REFINED_VARIANTS]]
        rows = parallel_map(lambda number: self._encoder.encode([variants[number].image]), chosen)
        return chosen, np.concatenate(rows)

    def keyframe_rows(self, nearest: NearestKeyframes) -> tuple[Rows, RowMask]:
        """Return the keyframes' descriptors, and which of them are known.

        `DESCRIPTORS_MADE` of those that are missing are computed and kept.
        """
        rows, known = self._store.refine_rows(self._generation, nearest.rows)
        numbers = [int(nearest.rows[place]) for place in np.flatnonzero(~known)[:DESCRIPTORS_MADE]]
        made: dict[int, Rows] = {}
        for one in parallel_map(
            lambda number: make_refine_descriptors(self._store, self._encoder, [number]), numbers
        ):
            made |= one
        if not made:
            return rows, known
        self._keep(made)
        rows = rows if rows.shape[1] else np.zeros((len(rows), self._encoder.dim), np.float32)
        for place in np.flatnonzero(np.isin(nearest.rows, list(made))):
            rows[place], known[place] = made[int(nearest.rows[place])], True
        return rows, known

    def _keep(self, made: dict[int, Rows]) -> None:
        """Put descriptors into the store; a full disk costs only that they are computed again."""
        with suppress(StoreError):
            self._store.put_refine(self._generation, list(made), np.stack(list(made.values())))


def make_refine_descriptors(store: Store, encoder: Encoder, rows: Sequence[int]) -> dict[int, Rows]:
    """Return descriptors made from stills, by row; a row whose video was forgotten meanwhile is left out."""
    stills = {row: still for row in rows if (still := store.still_of_row(row)) is not None}
    if not stills:
        return {}
    made = encoder.encode([decode_still(still) for still in stills.values()])
    return dict(zip(stills, made, strict=True))


def refined_cosines(
    numbers: npt.NDArray[np.int64], queries: Rows, rows: Rows, known: RowMask
) -> RefinedCosines:
    """Return the exact cosine of each keyframe to its best variant; ties go to the variant named first.

    `queries` are the descriptors of the variants `numbers`, `rows` those of the keyframes.
    """
    if not rows.shape[1]:  # no keyframe has a descriptor yet
        return RefinedCosines(np.zeros(len(rows)), np.zeros(len(rows), np.int64), known)
    cosines = np.asarray(queries @ rows.T, np.float64)
    order = np.argsort(numbers, kind="stable")
    best = order[np.argmax(cosines[order], axis=0)]
    return RefinedCosines(cosines[best, np.arange(len(rows))], numbers[best], known)
