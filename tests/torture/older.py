"""Stores as another release, another codec or other weights would have left them, for a start to complete."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from cbvir_core.store import Store
from cbvir_core.store.environment import Environment, Table, Transaction
from cbvir_core.store.layout import filter_matrix, pack_descriptors, refine_matrix, to_half
from cbvir_core.store.records import load_video
from cbvir_core.store.upgrade import FIRST_SCHEMA, SCHEMA_KEY

LISTS_OF_SCHEMA_2 = (
    Table.UNFEATURED,
    Table.SEARCHABLE,
    Table.INCOMPLETE,
    Table.PARTIAL,
    Table.PATHLESS,
)
OTHER_CODEC, OTHER_FILTER = "codec of another release", "filter of another release"


def with_former_schema(folder: Path) -> None:
    """Make the store in a folder one of schema 1.

    It keeps both descriptors of a row in one value, paths by their digests, and no lists and no folders.
    """

    def work(txn: Transaction) -> None:
        for table in (*LISTS_OF_SCHEMA_2, Table.PATHS, Table.FOLDERS):
            txn.clear(table)
        for record in [load_video(value) for _, value in txn.scan(Table.VIDEOS, b"\0")]:
            for path in record.paths:
                digest = hashlib.blake2b(os.fsencode(path), digest_size=32).digest()
                txn.put(Table.PATHS, digest, record.video_id.encode())
        for key, value in [(key, bytes(value)) for key, value in txn.scan(Table.REFINED, b"\0")]:
            filtered = txn.get(Table.DESCRIPTORS, key)
            assert filtered is not None
            row, refined = filter_matrix([filtered])[0], refine_matrix([memoryview(value)])[0]
            txn.put(Table.DESCRIPTORS, key, pack_descriptors(to_half(row), to_half(refined)))
        txn.clear(Table.REFINED)
        txn.put(Table.META, SCHEMA_KEY, FIRST_SCHEMA)

    environment = Environment(folder)
    environment.write(work)
    environment.close()


def with_other_codec(data: Path) -> None:
    """Let the frame codes of a data folder be those of another codec: all of them are made anew."""
    with Store.open(data / "store") as store:
        store.use_frame_codec(OTHER_CODEC)


def with_other_weights(data: Path) -> None:
    """Let the answering descriptors of a data folder be those of other weights, which are gone."""
    with Store.open(data / "store") as store:
        former = store.answering()
        assert former is not None
        rows, vectors = zip(*store.scan_filter(former), strict=True)
        other = store.generation(OTHER_FILTER, None)
        store.put_filter(other, np.concatenate(rows), np.concatenate(vectors))
        store.set_answering(other)
        store.drop_generation(former)
