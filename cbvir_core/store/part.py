"""What every part of the store stands on."""

from __future__ import annotations

from collections.abc import Callable

from cbvir_core.store.environment import Environment


class StorePart:
    """A part of `Store`: methods around one open environment.  `clock` gives seconds since the epoch."""

    def __init__(self, environment: Environment, clock: Callable[[], float]) -> None:
        self._environment = environment
        self._clock = clock
        # Per generation a row up to which it has every live row; rows are only ever added above, so
        # filling a generation batch by batch does not compare from the first row each time.
        self._filled_to: dict[int, int] = {}
        self._featured_to = 0  # the same for local features, which belong to no generation
