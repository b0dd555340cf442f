"""What an index of segments finds in its folder when it is opened, and what of it can be used."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cbvir_core.index.manifest import (
    MANIFEST_FILE,
    Manifest,
    SegmentEntry,
    index_write_error,
    read_manifest,
    write_manifest,
)
from cbvir_core.index.segment import Segment
from cbvir_core.index.vector_index import VectorSource
from cbvir_core.index.written import IndexFileDamaged


@dataclass(frozen=True, slots=True)
class OpenedSegments:
    """Segments that can be used, and the manifest that names these alone."""

    manifest: Manifest
    segments: tuple[Segment, ...]


def open_segments(folder: Path, source: VectorSource, *, trust: bool = True) -> OpenedSegments:
    """Open the usable segments in `folder`; the manifest's `sequence` is 0 where one is lost.

    With `trust` unchanged files are not read (`Segment.open`).  Files that no manifest names, left by a
    crash, are deleted.  Raises StoreError where the folder itself cannot be used.
    """
    try:
        return _open(folder, source, trust)
    except OSError as error:
        raise index_write_error(folder, error) from error


def _open(folder: Path, source: VectorSource, trust: bool) -> OpenedSegments:
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(folder, source)
    segments = tuple(segment for entry in manifest.segments if (segment := _usable(folder, entry, trust)))
    entries = tuple(segment.entry for segment in segments)
    if len(segments) < len(manifest.segments):
        # The log from its beginning names the rows of the lost segments too.
        manifest = replace(manifest, sequence=0, segments=entries)
    elif entries != manifest.segments:
        # They were read because they had other times.  The next opening need not do that again.
        manifest = replace(manifest, segments=entries)
        with suppress(OSError):  # a full disk
            write_manifest(folder, manifest)
    delete_orphans(folder, {segment.entry.name for segment in segments})
    return OpenedSegments(manifest, segments)


def _manifest(folder: Path, source: VectorSource) -> Manifest:
    empty = Manifest.empty(source.identity)
    try:
        manifest = read_manifest(folder)
    except IndexFileDamaged:
        return empty
    return manifest if manifest.belongs_to(source.identity, source.last_change()) else empty


def _usable(folder: Path, entry: SegmentEntry, trust: bool) -> Segment | None:
    try:
        return Segment.open(folder, entry, trust=trust)
    except IndexFileDamaged:
        return None


def delete_orphans(folder: Path, named: set[str]) -> None:
    """Delete all that is in `folder` but the manifest and what it names.  Raises OSError."""
    for path in folder.iterdir():
        if path.name == MANIFEST_FILE or path.name in named:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
