"""The manifest: which segments make up the index.  Written once, replaced by rename."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.files import NO_ROOM_ERRNOS, replacing
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.index.written import IndexFileDamaged, WrittenFile
from cbvir_core.json_text import parse_json

MANIFEST_FORMAT = 1
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: its folder, what is kept of its files, and how it is to be searched.

    `kind` is a key of `ITEM_FILES`; `trees` counts trees or inverted lists.  `candidates`, `search_k` (nodes
    visited or lists scanned) and `recall` are the search effort that was tuned for 100 neighbours.
    """

    name: str
    rows: int
    first_row: int
    last_row: int
    dimensions: int
    trees: int
    candidates: int
    search_k: int
    recall: float
    files: Mapping[str, WrittenFile] = field(default_factory=dict)
    kind: str = "annoy"  # as in manifests of versions that knew no other


@dataclass(frozen=True, slots=True)
class Manifest:
    """A state of the index.

    `number` counts states.  Rows that generation `generation` of the store `identity` got up to the
    change `sequence` are in the segments, or were forgotten.
    """

    number: int
    identity: str
    generation: int
    weights: str
    sequence: int
    segments: tuple[SegmentEntry, ...]

    @classmethod
    def empty(cls, source: SourceIdentity) -> Manifest:
        """Return the state before the first segment."""
        return cls(0, source.store, source.generation, source.weights, 0, ())

    def belongs_to(self, source: SourceIdentity, last_change: int) -> bool:
        """Return whether it was derived from this source, and from this or an earlier state of it."""
        return SourceIdentity(self.identity, self.generation, self.weights) == source and (
            self.sequence <= last_change
        )


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest in `folder`; raises IndexFileDamaged where there is none that can be understood."""
    try:
        fields = parse_json((folder / MANIFEST_FILE).read_bytes())
        if fields.pop("format") != MANIFEST_FORMAT:
            raise IndexFileDamaged("another format")
        segments = tuple(_segment_entry(**entry) for entry in fields.pop("segments"))
        return Manifest(segments=segments, **fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexFileDamaged(f"no usable manifest: {error}") from error


def _segment_entry(*, files: Mapping[str, Any], **fields: Any) -> SegmentEntry:
    kept = {name: WrittenFile.of_entry(entry) for name, entry in files.items()}
    return SegmentEntry(files=kept, **fields)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step that survives a power cut.  Raises OSError."""
    with replacing(folder / MANIFEST_FILE) as fresh:
        fresh.write_text(json.dumps({"format": MANIFEST_FORMAT} | asdict(manifest), indent=1))


def index_write_error(folder: Path, error: OSError) -> StoreError:
    """Return the exception to raise where the index in `folder` cannot be written."""
    # numpy raises OSError without a number when a write is cut short.
    if error.errno is None or error.errno in NO_ROOM_ERRNOS:
        return DiskFull(f"no room on the disk for the index in {folder}; make room, searches go on meanwhile")
    return StoreError(f"the index in {folder} cannot be written: {error}")
