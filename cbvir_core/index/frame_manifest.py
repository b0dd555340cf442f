"""Files of inverted lists, and the manifest that names them.

Each file is written once and whole; the manifest is replaced by rename.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import faiss

from cbvir_core.errors import StoreError
from cbvir_core.files import replacing
from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.frame_lists import FrameSegment, rows_in
from cbvir_core.index.frame_scan import FrameScan, is_scanned, write_scan
from cbvir_core.index.manifest import MANIFEST_FILE, checksum, index_write_error
from cbvir_core.index.opening import delete_orphans
from cbvir_core.index.vector_index import SourceIdentity

FRAME_MANIFEST_FORMAT = 1


@dataclass(frozen=True, slots=True)
class FrameFile:
    """One file of inverted lists: its name, and the BLAKE2 checksum of its bytes.

    `scan` is the checksum of the file that scans it, empty where there is none.
    """

    name: str
    checksum: str
    scan: str = ""

    @property
    def scan_name(self) -> str:
        """The name of the file that scans it."""
        return f"scan-of-{self.name}"


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


@dataclass(frozen=True, slots=True)
class OpenedFrames:
    """Files that can be used, and the manifest that names these alone."""

    manifest: FrameManifest
    segments: tuple[WrittenSegment, ...]


def open_frames(folder: Path, source: SourceIdentity, last_change: int, codec: FrameCodec) -> OpenedFrames:
    """Open the usable files in `folder`; the manifest's `position` is 0 where one is lost.

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
        segments = tuple(segment for file in manifest.files if (segment := _usable(folder, file, codec)))
        if len(segments) < len(manifest.files):
            # The log from its beginning names the rows of the lost files too.
            manifest = replace(manifest, position=0, files=tuple(segment.file for segment in segments))
        named = [(file.name, file.scan_name) for file in manifest.files]
        delete_orphans(folder, {name for names in named for name in names})
    except OSError as error:
        raise index_write_error(folder, error) from error
    return OpenedFrames(manifest, segments)


def write_segment(folder: Path, name: str, segment: FrameSegment, codec: FrameCodec) -> WrittenSegment:
    """Write lists to a file, and what scans them to another; return them as they are in these.

    Raises DiskFull and StoreError; nothing is left behind then.
    """
    digest = _write(folder / name, lambda writer: faiss.write_index(segment.lists, writer))
    written = WrittenSegment(_mapped(folder / name), segment.rows, file=FrameFile(name, digest))
    try:
        return with_scan(folder, written, codec) if is_scanned(written.lists, codec) else written
    except StoreError:
        delete_segments(folder, [written])
        raise


def with_scan(folder: Path, segment: WrittenSegment, codec: FrameCodec) -> WrittenSegment:
    """Write what scans the lists of a file to another file; return the lists with it.

    Raises DiskFull and StoreError; nothing is left behind then.
    """
    path = folder / segment.file.scan_name
    digest = _write(path, lambda writer: write_scan(segment.lists, codec, writer))
    scan = FrameScan.open(path, segment.lists, codec)
    return replace(segment, scan=scan, file=replace(segment.file, scan=digest))


def _write(path: Path, write_to: Callable[[Any], None]) -> str:
    """Write a file of faiss and return its checksum."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:

            def write(data: bytes) -> None:
                digest.update(data)
                file.write(data)

            # faiss itself does not notice a full disk when it closes a file.
            write_to(faiss.PyCallbackIOWriter(write))
    except OSError as error:
        raise index_write_error(path.parent, error) from error
    return digest.hexdigest()


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
        for name in (segment.file.name, segment.file.scan_name):
            with suppress(OSError):
                (folder / name).unlink()


def _read_manifest(folder: Path) -> FrameManifest | None:
    """Return the manifest; None where there is none that can be understood."""
    try:
        fields = json.loads((folder / MANIFEST_FILE).read_bytes())
        if fields.pop("format") != FRAME_MANIFEST_FORMAT:
            return None
        source, files = SourceIdentity(**fields.pop("source")), _files(fields.pop("files"))
        return FrameManifest(int(fields["number"]), source, int(fields["position"]), files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _files(entries: Sequence[dict[str, str]]) -> tuple[FrameFile, ...]:
    return tuple(FrameFile(**entry) for entry in entries)


def _usable(folder: Path, file: FrameFile, codec: FrameCodec) -> WrittenSegment | None:
    """Open a file; None where it is not what was written.

    faiss believes the sizes that it reads, so wrong bytes may end the process.
    """
    path, scan_path = folder / file.name, folder / file.scan_name
    try:
        if checksum(path) != file.checksum:
            return None
        lists = _mapped(path)
        segment = WrittenSegment(lists, rows_in(lists), file=replace(file, scan=""))
    except (OSError, RuntimeError):
        return None
    with suppress(OSError, RuntimeError):
        if file.scan and checksum(scan_path) == file.scan:
            return replace(segment, scan=FrameScan.open(scan_path, lists, codec), file=file)
    return segment  # found without it, and it will be written again


def _mapped(path: Path) -> Any:
    """Return the lists of a file, mapped into memory: pages that are read can be given back."""
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
