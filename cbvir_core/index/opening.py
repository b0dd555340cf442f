"""What is there on the disk when an index is opened, and what of it can be used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cbvir_core.index.manifest import NAME, Damaged, Manifest, SegmentEntry, read_manifest, unwritable
from cbvir_core.index.segment import Numbers, Segment
from cbvir_core.store import Changes, Generation, Store


@dataclass(frozen=True, slots=True)
class Opened:
    """Segments that can be used, the state that they make up, and rows that are in none of them.

    `seen` is the last change of the store that is allowed for in this.
    """

    manifest: Manifest
    segments: tuple[Segment, ...]
    fresh: Numbers
    seen: int


def open_segments(folder: Path, store: Store, generation: Generation) -> Opened:
    """The usable part of the index in `folder`; what is missing or damaged is made up for by `fresh`.

    Files that no manifest names, left by a crash, are deleted.  Raises StoreError where the folder itself
    cannot be used.
    """
    try:
        return _open(folder, store, generation)
    except OSError as error:
        raise unwritable(folder, error) from error


def _open(folder: Path, store: Store, generation: Generation) -> Opened:
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(folder, store, generation)
    segments = tuple(segment for entry in manifest.segments if (segment := _usable(folder, entry)))
    if len(segments) < len(manifest.segments):
        # The log from its beginning names the rows of the lost segments too.
        entries = tuple(segment.entry for segment in segments)
        manifest = replace(manifest, sequence=0, segments=entries)
    _sweep(folder, {segment.entry.name for segment in segments})
    changes = store.changes(generation, manifest.sequence)
    fresh = fresh_rows(changes, store)
    for segment in segments:  # after the log was read: what is forgotten from now on is in it
        segment.bury(segment.rows[~store.searchable(segment.rows)])
        fresh = fresh[~segment.holds(fresh)]
    return Opened(manifest, segments, fresh, changes.last)


def fresh_rows(changes: Changes, store: Store) -> Numbers:
    """Rows that were added and not forgotten, in the order in which they came, without blank keyframes.

    These lie together, near every dark picture: a few hundred would be the shortlist of each.
    """
    rows = changes.added[~np.isin(changes.added, changes.forgotten)]
    return rows[store.searchable(rows)]


def difference(changes: Changes, held: Callable[[], Numbers], store: Store) -> tuple[Numbers, Numbers]:
    """Rows to take in and rows to give up, for a reader that has the rows `held` tells."""
    fresh = fresh_rows(changes, store)
    if not changes.whole:
        return fresh, changes.forgotten
    known = held()
    return fresh[~np.isin(fresh, known)], known[~np.isin(known, fresh)]


def _manifest(folder: Path, store: Store, generation: Generation) -> Manifest:
    empty = Manifest.empty(store.identity, generation)
    try:
        manifest = read_manifest(folder)
    except Damaged:
        return empty
    return manifest if manifest.belongs_to(store.identity, generation, store.last_change()) else empty


def _usable(folder: Path, entry: SegmentEntry) -> Segment | None:
    try:
        return Segment.open(folder, entry)
    except Damaged:
        return None


def _sweep(folder: Path, named: set[str]) -> None:
    for orphan in folder.iterdir():
        if orphan.name == NAME or orphan.name in named:
            continue
        if orphan.is_dir() and not orphan.is_symlink():
            shutil.rmtree(orphan)
        else:
            orphan.unlink()
