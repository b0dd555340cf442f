"""The second look: SOLAR descriptors of the shortlist, compared by cosine (MoReSo, Table I)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import decode_still
from cbvir_core.embed import Encoder
from cbvir_core.errors import StoreError
from cbvir_core.search.parallel import together
from cbvir_core.search.prepare import Variant
from cbvir_core.search.shortlist import Shortlist
from cbvir_core.store import Generation, Store
from cbvir_core.types import Rows

VARIANTS = 2
"""Variants that are refined, nearest first: SOLAR takes 0.05 s each on one thread of a processor made for
bf16 and 0.45 s in float32, and a query has up to four of which one or two can be the right one."""

MISSING = 2
"""Missing SOLAR descriptors that one query computes, nearest first: as long again as its own.  The
backfill makes the rest."""


@dataclass(frozen=True, slots=True)
class Refined:
    """Per candidate the best cosine and the variant that has it; where `known` is False, neither."""

    cosines: npt.NDArray[np.float64]
    variants: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]


class Refiner:
    """Gives SOLAR rows of queries and of candidates; those of candidates are kept in the store."""

    def __init__(self, store: Store, generation: Generation, encoder: Encoder) -> None:
        self._store, self._generation, self._encoder = store, generation, encoder

    @property
    def delay(self) -> str | None:
        """Why SOLAR could not begin at once, in words; None where it could."""
        return self._encoder.delay

    def query_rows(
        self, variants: Sequence[Variant], candidates: Shortlist
    ) -> tuple[npt.NDArray[np.int64], Rows]:
        """Numbers and descriptors of the `VARIANTS` variants whose nearest candidates are nearest."""
        _, first = np.unique(candidates.variants, return_index=True)
        chosen = candidates.variants[np.sort(first)[:VARIANTS]]
        rows = together(lambda number: self._encoder.encode([variants[number].image]), chosen)
        return chosen, np.concatenate(rows)

    def candidate_rows(self, candidates: Shortlist) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """The candidates' descriptors and which of them are known, after `MISSING` were computed."""
        rows, known = self._store.refine_rows(self._generation, candidates.rows)
        numbers = [int(candidates.rows[at]) for at in np.flatnonzero(~known)[:MISSING]]
        made: dict[int, Rows] = {}
        for one in together(lambda number: compute(self._store, self._encoder, [number]), numbers):
            made |= one
        if not made:
            return rows, known
        self._keep(made)
        rows = rows if rows.shape[1] else np.zeros((len(rows), self._encoder.dim), np.float32)
        for at in np.flatnonzero(np.isin(candidates.rows, list(made))):
            rows[at], known[at] = made[int(candidates.rows[at])], True
        return rows, known

    def _keep(self, made: dict[int, Rows]) -> None:
        """Puts descriptors into the store; a full disk costs only that they are made again."""
        with suppress(StoreError):
            self._store.put_refine(self._generation, list(made), np.stack(list(made.values())))


def compute(store: Store, encoder: Encoder, rows: Sequence[int]) -> dict[int, Rows]:
    """Descriptors made from stills; a row whose video was forgotten meanwhile is left out."""
    stills = {row: still for row in rows if (still := store.still_of_row(row)) is not None}
    if not stills:
        return {}
    made = encoder.encode([decode_still(still) for still in stills.values()])
    return dict(zip(stills, made, strict=True))


def compare(
    numbers: npt.NDArray[np.int64], queries: Rows, rows: Rows, known: npt.NDArray[np.bool_]
) -> Refined:
    """The exact cosine of each candidate to its best variant; ties go to the variant named first."""
    if not rows.shape[1]:  # no candidate has a descriptor yet
        return Refined(np.zeros(len(rows)), np.zeros(len(rows), np.int64), known)
    cosines = np.asarray(queries @ rows.T, np.float64)
    order = np.argsort(numbers, kind="stable")
    best = order[np.argmax(cosines[order], axis=0)]
    return Refined(cosines[best, np.arange(len(rows))], numbers[best], known)
