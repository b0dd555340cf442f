"""The store as one object."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cbvir_core.errors import StoreVersion
from cbvir_core.store.changelog import ChangeStore
from cbvir_core.store.descriptors import DescriptorStore
from cbvir_core.store.environment import FIRST_MAP, Environment, Table, Transaction
from cbvir_core.store.features import FeatureStore
from cbvir_core.store.generations import GenerationStore
from cbvir_core.store.keyframes import KeyframeStore
from cbvir_core.store.layout import SCHEMA
from cbvir_core.store.videos import VideoStore

_SCHEMA_KEY = b"schema"
_IDENTITY_KEY = b"identity"


class Store(VideoStore, KeyframeStore, DescriptorStore, FeatureStore, GenerationStore, ChangeStore):
    """Everything that cbvir knows: videos, keyframes, stills and descriptors, in one LMDB environment.

    One process writes; any number of its threads read, and never wait for the writer.  Each writing
    method is one transaction, which is on the disk when the method returns: a crash loses what was
    not yet returned and nothing else.  A change log tells what came and what went, and row numbers are
    never given out twice, so that indices can follow.
    """

    @classmethod
    def open(
        cls, folder: Path, *, clock: Callable[[], float] = time.time, first_map: int = FIRST_MAP
    ) -> Store:
        """The store in `folder`, made where there is none.

        `first_map` is the size in bytes that the memory map has at least; it grows by itself.
        Raises StoreBusy (the message names the process), StoreDamaged, StoreVersion, DiskFull.
        """
        environment = Environment(folder, first_map=first_map)
        try:
            environment.write(lambda txn: _check_schema(txn, folder))
            store = cls(environment, clock)
            store._sweep()
        except BaseException:
            environment.close()
            raise
        return store

    @property
    def identity(self) -> str:
        """Random at the store's making: what was derived from another store is not taken for this one's."""
        with self._environment.read() as txn:
            value = txn.get(Table.META, _IDENTITY_KEY)
            return "" if value is None else bytes(value).decode("ascii", "replace")

    def close(self) -> None:
        """Waits for the transactions under way and lets another process in.  May be called twice."""
        self._environment.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_schema(txn: Transaction, folder: Path) -> None:
    found = txn.get(Table.META, _SCHEMA_KEY)
    if found is None and txn.size(Table.META) == 0:
        txn.put(Table.META, _SCHEMA_KEY, str(SCHEMA).encode())
        txn.put(Table.META, _IDENTITY_KEY, secrets.token_hex(16).encode())
    elif found is None or bytes(found) != str(SCHEMA).encode():
        text = "unknown" if found is None else bytes(found).decode("ascii", "replace")
        raise StoreVersion(
            f"the store in {folder} has schema {text}, this release understands {SCHEMA}; "
            "use the release that wrote it, or another folder"
        )
