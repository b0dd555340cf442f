"""The store as one object, composed of its parts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cbvir_core.errors import StoreVersion
from cbvir_core.store.changelog import ChangeStore
from cbvir_core.store.comparisons import ComparisonStore
from cbvir_core.store.descriptors import DescriptorStore
from cbvir_core.store.environment import FIRST_MAP_BYTES, Environment, Table, Transaction
from cbvir_core.store.features import FeatureStore
from cbvir_core.store.frames import FrameStore
from cbvir_core.store.generations import GenerationStore
from cbvir_core.store.keyframes import KeyframeStore
from cbvir_core.store.layout import STORE_SCHEMA
from cbvir_core.store.relocation import PathMap, relocate
from cbvir_core.store.upgrade import KNOWN_SCHEMAS, SCHEMA_KEY, upgrade
from cbvir_core.store.videos import VideoStore

_IDENTITY_KEY = b"identity"


class Store(
    VideoStore,
    KeyframeStore,
    DescriptorStore,
    FeatureStore,
    FrameStore,
    ComparisonStore,
    GenerationStore,
    ChangeStore,
):
    """Videos, keyframes, stills, descriptors and frame codes in one LMDB environment.

    One process has it open; any number of its threads read, and never wait for the writer.  Each writing
    method is one transaction, which is on the disk when the method returns: a crash loses only calls that
    had not returned.  A change log lists the rows that were added and forgotten, and row numbers are
    never given out twice, so that indices can follow.
    """

    @classmethod
    def open(
        cls, folder: Path, *, clock: Callable[[], float] = time.time, first_map_bytes: int = FIRST_MAP_BYTES
    ) -> Store:
        """Open the store in `folder`, made where there is none.

        `first_map_bytes` is the least size of the memory map; it grows by itself.
        Raises StoreBusy (the message names the process), StoreDamaged, StoreVersion, DiskFull.
        """
        environment = Environment(folder, first_map_bytes=first_map_bytes)
        try:
            upgrade(environment, environment.write(lambda txn: _check_schema(txn, folder)))
            store = cls(environment, clock)
            store._sweep()
        except BaseException:
            environment.close()
            raise
        return store

    @property
    def identity(self) -> str:
        """A random text made with the store; files derived from another store bear another one."""
        with self._environment.read() as txn:
            value = txn.get(Table.META, _IDENTITY_KEY)
            return "" if value is None else bytes(value).decode("ascii", "replace")

    def relocate(self, moved: PathMap) -> int:
        """Give every video the paths at which its files are now; return how many changed."""
        return self._environment.write(lambda txn: relocate(txn, moved))

    def table_bytes(self) -> dict[Table, int]:
        """Return the bytes of the pages of each table."""
        with self._environment.read() as txn:
            return {table: txn.bytes_of(table) for table in Table}

    def close(self) -> None:
        """Wait for the transactions under way and release the store.  May be called twice."""
        self._environment.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_schema(txn: Transaction, folder: Path) -> bytes:
    """Return the schema of a store; a new one has this release's.  Raise StoreVersion for one of another."""
    found = txn.get(Table.META, SCHEMA_KEY)
    if found is None and txn.size(Table.META) == 0:
        txn.put(Table.META, SCHEMA_KEY, STORE_SCHEMA.encode())
        txn.put(Table.META, _IDENTITY_KEY, secrets.token_hex(16).encode())
        return STORE_SCHEMA.encode()
    schema = b"unknown" if found is None else bytes(found)
    if schema not in KNOWN_SCHEMAS:
        raise StoreVersion(
            f"the store in {folder} has schema {schema.decode('ascii', 'replace')}, this release understands "
            f"those up to {STORE_SCHEMA}; use the release that wrote it, or another folder"
        )
    return schema
