"""Types of the fixtures by which tests of the store make videos and descriptors, and a way to damage one."""

from __future__ import annotations

from collections.abc import Callable

from cbvir_core.store import Store
from cbvir_core.store.environment import Table
from cbvir_core.types import Keyframe, Rows, VideoInfo

MakeInfo = Callable[..., VideoInfo]
"""(name, path="") -> the description of a video whose id is `name`."""

MakeKeyframes = Callable[..., list[Keyframe]]
"""(count, first=0, side=8) -> keyframes of one second each, small and of one colour."""

MakeRows = Callable[..., Rows]
"""(count, seed=0, dim=12) -> unit rows."""


def put(store: Store, table: Table, key: bytes, value: bytes) -> None:
    """Write any value into a table, past everything that the store checks."""
    store._environment.write(lambda txn: txn.put(table, key, value))
