"""The files of an index against their checksums, without opening them or changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbvir_core.index.frame_manifest import FrameFile
from cbvir_core.index.manifest import MANIFEST_FILE
from cbvir_core.index.written import IndexFileDamaged, WrittenFile
from cbvir_core.json_text import parse_json


def index_faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the index in a folder, in sentences; nothing where there is none yet.

    Both kinds of index keep a manifest with the checksums of their files.
    """
    manifest = folder / MANIFEST_FILE
    if not manifest.exists():
        return
    try:
        files = dict(_files(parse_json(manifest.read_bytes())))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        yield f"{manifest} cannot be read ({error})"
        return
    for name, file in files.items():
        try:
            file.verified(folder / name)
        except IndexFileDamaged as error:
            yield str(error)
        except OSError as error:
            yield f"{folder / name} cannot be read ({error.strerror})"


def _files(document: dict[str, object]) -> Iterator[tuple[str, WrittenFile]]:
    """Yield the files that a manifest names, by their names in the folder, with what is kept of them."""
    segments, files = document.get("segments", []), document.get("files", [])
    if not isinstance(segments, list) or not isinstance(files, list):
        raise ValueError("its segments or files are no list")
    for segment in segments:
        for name, entry in segment["files"].items():
            yield f"{segment['name']}/{name}", WrittenFile.of_entry(entry)
    for file in files:
        yield from FrameFile.of_entry(file).parts()
