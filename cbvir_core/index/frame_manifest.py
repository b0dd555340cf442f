"""Files of inverted lists, and the manifest that names them.

Each file is written once and whole; the manifest is replaced by rename.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from cbvir_core.errors import StoreError
from cbvir_core.files import replacing
from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.frame_lists import FrameSegment, rows_in
from cbvir_core.index.frame_scan import FrameScan, is_scanned, write_scan
from cbvir_core.index.manifest import MANIFEST_FILE, index_write_error
from cbvir_core.index.opening import delete_orphans
from cbvir_core.index.pause import Pause, no_pause
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.index.written import IndexFileDamaged, WrittenFile
from cbvir_core.json_text import parse_json
from cbvir_core.types import RowNumbers

FRAME_MANIFEST_FORMAT = 1


@dataclass(frozen=True, slots=True)
class FrameFile:
    """One file of inverted lists, and those beside it: the rows in the lists, and what scans them.

    These are None where they are still to be made.
    """

    name: str
    lists: WrittenFile
    rows: WrittenFile | None = None
    scan: WrittenFile | None = None

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> Self:
        """Return the file that a manifest names, of this version or before.  Raises TypeError, KeyError."""
        rows, scan = (entry.get(name) or None for name in ("rows", "scan"))
        return cls(
            entry["name"],
            WrittenFile.of_entry(entry["lists"] if "lists" in entry else entry["checksum"]),
            rows and WrittenFile.of_entry(rows),
            scan and WrittenFile.of_entry(scan),
        )

    @property
    def rows_name(self) -> str:
        """The name of the file of the rows."""
        return f"rows-of-{self.name.removesuffix('.faiss')}.npz"

    @property
    def scan_name(self) -> str:
        """The name of the file that scans it."""
        return f"scan-of-{self.name}"

    def parts(self) -> Iterator[tuple[str, WrittenFile]]:
        """Yield the names of the files that are there, with what is kept of them."""
        yield self.name, self.lists
        if self.rows is not None:
            yield self.rows_name, self.rows
        if self.scan is not None:
            yield self.scan_name, self.scan


@dataclass(frozen=True, slots=True)
class FrameManifest:
    """A state of the files of a frame index.

    `number` counts states.  Rows that the source got up to the change `position` are in the files, or were
    forgotten.
    """

    number: int
    source: SourceIdentity
    position: int = 0
    files: tuple[FrameFile, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WrittenSegment(FrameSegment):
    """Inverted lists that are mapped from a file."""

    file: FrameFile = field(kw_only=True)

    def verify(self, folder: Path, pause: Pause) -> WrittenSegment:
        """Read the files, and return the segment, without its scan where that is not what was written.

        Raises IndexFileDamaged where lists or rows are not.
        """
        for name, part in self.file.parts():
            try:
                part.verified(folder / name, pause)
            except (IndexFileDamaged, OSError) as error:
                if name == self.file.scan_name:
                    return replace(self, scan=None, file=replace(self.file, scan=None))
                raise IndexFileDamaged(f"{folder / name} cannot be used: {error}") from error
        return self


@dataclass(frozen=True, slots=True)
class OpenedFrames:
    """Files that can be used, and the manifest that names these alone."""

    manifest: FrameManifest
    segments: tuple[WrittenSegment, ...]


def open_frames(
    folder: Path, source: SourceIdentity, last_change: int, codec: FrameCodec, *, trust: bool = True
) -> OpenedFrames:
    """Open the usable files in `folder`; the manifest's `position` is 0 where one is lost.

    With `trust` lists and scans are believed that have the size and the time that they were written with.
    Files of another source, or of a later state of it than `last_change`, are not used.  What no manifest
    names is deleted.  Raises StoreError where the folder itself cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = _read_manifest(folder)
        if manifest is None or manifest.source != source or manifest.position > last_change:
            # It must not come to fit again: its files are deleted below.
            (folder / MANIFEST_FILE).unlink(missing_ok=True)
            manifest = FrameManifest(0, source)
        found = (_usable(folder, file, codec, trust) for file in manifest.files)
        segments = tuple(segment for segment in found if segment is not None)
        files = tuple(segment.file for segment in segments)
        if len(segments) < len(manifest.files):
            # The log from its beginning names the rows of the lost files too.
            manifest = replace(manifest, position=0, files=files)
        elif files != manifest.files:
            # They were read because they had other times.  The next opening need not do that again.
            manifest = replace(manifest, files=files)
            with suppress(StoreError):  # a full disk
                write_frame_manifest(folder, manifest)
        delete_orphans(folder, {name for file in files for name, _ in file.parts()})
    except OSError as error:
        raise index_write_error(folder, error) from error
    return OpenedFrames(manifest, segments)


def write_segment(
    folder: Path, name: str, segment: FrameSegment, codec: FrameCodec, pause: Pause = no_pause
) -> WrittenSegment:
    """Write lists to a file, and what belongs to them to others; return them as they are in these.

    Raises DiskFull and StoreError, and what `pause` raises; nothing is left behind then.
    """
    lists = _write(folder / name, lambda writer: faiss.write_index(segment.lists, writer))
    written = WrittenSegment(_mapped(folder / name), segment.rows, file=FrameFile(name, lists))
    try:
        return completed(folder, written, codec, pause)
    except BaseException:
        delete_segments(folder, [written])
        raise


def lacks(segment: WrittenSegment, codec: FrameCodec) -> bool:
    """Return whether files beside that of the lists are still to be made."""
    return segment.file.rows is None or (segment.scan is None and is_scanned(segment.lists, codec))


def completed(folder: Path, segment: WrittenSegment, codec: FrameCodec, pause: Pause) -> WrittenSegment:
    """Write the files that a segment lacks beside that of its lists; return it with them.

    Raises DiskFull and StoreError, and what `pause` raises.
    """
    if segment.file.rows is None:
        rows = _write_rows(folder / segment.file.rows_name, segment.rows)
        segment = replace(segment, file=replace(segment.file, rows=rows))
    if segment.scan is None and is_scanned(segment.lists, codec):
        path = folder / segment.file.scan_name
        kept = _write(path, lambda writer: write_scan(segment.lists, codec, writer, pause))
        scan = FrameScan.open(path, segment.lists, codec)
        segment = replace(segment, scan=scan, file=replace(segment.file, scan=kept))
    return segment


def _write_rows(path: Path, rows: RowNumbers) -> WrittenFile:
    """Write ascending rows, at least one, as the first of them and a bit for each number from there."""
    present = np.zeros(int(rows[-1] - rows[0]) + 1, np.bool_)
    present[rows - rows[0]] = True
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, first=rows[0], present=np.packbits(present))
        return WrittenFile.of(path)
    except OSError as error:
        raise index_write_error(path.parent, error) from error


def _read_rows(path: Path) -> RowNumbers:
    """Read what `_write_rows` wrote; raises OSError, ValueError or KeyError."""
    with np.load(path, allow_pickle=False) as arrays:
        rows: RowNumbers = np.flatnonzero(np.unpackbits(arrays["present"])) + arrays["first"]
        return rows


def _write(path: Path, write_to: Callable[[Any], None]) -> WrittenFile:
    """Write a file of faiss and return what is to be kept of it."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:

            def write(data: bytes) -> None:
                digest.update(data)
                file.write(data)

            # faiss itself does not notice a full disk when it closes a file.
            write_to(faiss.PyCallbackIOWriter(write))
        return WrittenFile.of(path, digest.hexdigest())
    except OSError as error:
        raise index_write_error(path.parent, error) from error


def write_frame_manifest(folder: Path, manifest: FrameManifest) -> None:
    """Replace the manifest in one step that survives a power cut.  Raises DiskFull and StoreError."""
    try:
        with replacing(folder / MANIFEST_FILE) as fresh:
            fresh.write_text(json.dumps({"format": FRAME_MANIFEST_FORMAT} | asdict(manifest), indent=1))
    except OSError as error:
        raise index_write_error(folder, error) from error


def delete_segments(folder: Path, segments: Iterable[WrittenSegment]) -> None:
    """Delete the files of segments.  What is left is deleted by the next opening."""
    for segment in segments:
        for name in (segment.file.name, segment.file.rows_name, segment.file.scan_name):
            with suppress(OSError):
                (folder / name).unlink()


def _read_manifest(folder: Path) -> FrameManifest | None:
    """Return the manifest; None where there is none that can be understood."""
    try:
        fields = parse_json((folder / MANIFEST_FILE).read_bytes())
        if fields.pop("format") != FRAME_MANIFEST_FORMAT:
            return None
        source = SourceIdentity(**fields.pop("source"))
        files = tuple(FrameFile.of_entry(entry) for entry in fields.pop("files"))
        return FrameManifest(int(fields["number"]), source, int(fields["position"]), files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _usable(folder: Path, file: FrameFile, codec: FrameCodec, trust: bool) -> WrittenSegment | None:
    """Open a file; None where it is not what was written.

    faiss believes the sizes that it reads, so wrong bytes may end the process.
    """
    try:
        known = FrameFile(file.name, file.lists.checked(folder / file.name, trust=trust))
        lists = _mapped(folder / file.name)
        rows, kept = _usable_rows(folder, file, lists)
        segment = WrittenSegment(lists, rows, file=replace(known, rows=kept))
    except (OSError, RuntimeError, IndexFileDamaged):
        return None
    with suppress(OSError, RuntimeError, IndexFileDamaged):
        if file.scan is not None:
            scan = file.scan.checked(folder / file.scan_name, trust=trust)
            opened = FrameScan.open(folder / file.scan_name, lists, codec)
            return replace(segment, scan=opened, file=replace(segment.file, scan=scan))
    return segment  # found without it, and it will be written again


def _usable_rows(folder: Path, file: FrameFile, lists: Any) -> tuple[RowNumbers, WrittenFile | None]:
    """Return the rows of a file of lists, and what is kept of the file of them.

    None where that cannot be used: then all lists are read, and it will be written again.
    """
    with suppress(OSError, ValueError, KeyError, IndexFileDamaged):
        if file.rows is not None:
            kept = file.rows.verified(folder / file.rows_name)
            return _read_rows(folder / file.rows_name), kept
    return rows_in(lists), None


def _mapped(path: Path) -> Any:
    """Return the lists of a file, mapped into memory: pages that are read can be given back."""
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
