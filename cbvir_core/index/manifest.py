"""The manifest: which segments make up the index.  Written once, replaced by rename."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cbvir_core.errors import DiskFull, StoreError
from cbvir_core.files import NO_ROOM, replacing
from cbvir_core.store import Generation

FORMAT = 1
NAME = "manifest.json"
CHUNK = 1 << 20


class Damaged(Exception):
    """A file of the index is missing or is not what was written.  Never leaves this package."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: its folder, its files with their BLAKE2 sums, and how it is to be searched.

    `candidates`, `search_k` and `recall` are what calibration found for 100 neighbours.
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
    files: Mapping[str, str] = field(default_factory=dict)


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
    def empty(cls, identity: str, generation: Generation) -> Manifest:
        """The state before the first segment."""
        return cls(0, identity, generation.number, generation.filter, 0, ())

    def belongs_to(self, identity: str, generation: Generation, last_change: int) -> bool:
        """Whether it was derived from this store, and from this or an earlier state of it."""
        derived = (self.identity, self.generation, self.weights)
        return derived == (identity, generation.number, generation.filter) and self.sequence <= last_change


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`; raises Damaged where there is none or it cannot be understood."""
    try:
        fields = json.loads((folder / NAME).read_bytes())
        if fields.pop("format") != FORMAT:
            raise Damaged("another format")
        segments = tuple(SegmentEntry(**entry) for entry in fields.pop("segments"))
        return Manifest(segments=segments, **fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"no usable manifest: {error}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replaces the manifest in one step that survives a power cut.  Raises OSError."""
    with replacing(folder / NAME) as fresh:
        fresh.write_text(json.dumps({"format": FORMAT} | asdict(manifest), indent=1))


def unwritable(folder: Path, error: OSError) -> StoreError:
    """What to raise where the index cannot be written."""
    # numpy raises OSError without a number when a write is cut short.
    if error.errno is None or error.errno in NO_ROOM:
        return DiskFull(f"no room for the index in {folder}; free some, searches go on meanwhile")
    return StoreError(f"the index in {folder} cannot be written: {error}")


def checksum(path: Path) -> str:
    """BLAKE2 of a whole file: ANNOY believes every byte it maps, so a wrong one may end the process."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
