"""What can be wrong in a store, and comparisons of the rows of two tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cbvir_core.store.environment import Table
from cbvir_core.types import RowNumbers

NAMED_ROWS = 5
"""Rows that one fault names at most."""


@dataclass(frozen=True, slots=True)
class StoreFault:
    """One thing that is not as it was written, in a table."""

    table: Table
    said: str

    def __str__(self) -> str:
        return f"{self.table.value}: {self.said}"


def differing(table: Table, found: Iterable[int], expected: RowNumbers, what: str) -> Iterator[StoreFault]:
    """Yield a fault where the rows of a table are not the `expected` ones, of which it says `what`."""
    rows = as_rows(found)
    if len(extra := np.setdiff1d(rows, expected)):
        yield StoreFault(table, f"{_named(extra)} should not be there: {what}")
    if len(missing := np.setdiff1d(expected, rows)):
        yield StoreFault(table, f"{_named(missing)} should be there: {what}")


def as_rows(rows: Iterable[int]) -> RowNumbers:
    """Return row numbers as an array."""
    return np.fromiter(rows, np.int64)


def _named(rows: RowNumbers) -> str:
    first = ", ".join(map(str, rows[:NAMED_ROWS].tolist()))
    more = f" and {len(rows) - NAMED_ROWS:,} others" if len(rows) > NAMED_ROWS else ""
    return f"row {first}{more}" if len(rows) == 1 else f"rows {first}{more}"
