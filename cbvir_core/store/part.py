"""The base of every part of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cbvir_core.store.environment import Environment
from cbvir_core.store.records import VideoRecord
from cbvir_core.types import RowNumbers

RowNumbersLike = Sequence[int] | RowNumbers
"""What methods of the store accept as row numbers."""


class StorePart:
    """The base of the parts that `Store` inherits from; all use one open environment.

    `clock` returns seconds since the epoch.
    """

    def __init__(self, environment: Environment, clock: Callable[[], float]) -> None:
        self._environment = environment
        self._clock = clock
        # The records of the last list, by key, with the bytes they were made of, after the number of the
        # transaction that they show: of a hundred thousand videos few change between two lists, and making
        # a record takes longer than comparing its bytes.
        self._last_list: tuple[int, dict[bytes, tuple[bytes, VideoRecord]]] = (-1, {})
