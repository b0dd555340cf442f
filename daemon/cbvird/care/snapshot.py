"""The program that reads a data folder for a backup, in a process of its own beside the service.

It writes the stream of `cbvir_shared.backup_stream` to stdout, and reads the digests of known chunks from
stdin.  A process of its own, because a snapshot of LMDB that lasts for hours would keep the service's own map
from growing, and so stop what is taken in.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cbvir_core.errors import CbvirError
from cbvir_core.store import StoreEntry, StoreSnapshot, Table, store_snapshot
from cbvir_core.version import VERSION
from cbvir_shared.backup_stream import (
    BACKUP_FORMAT,
    DIGEST_BYTES,
    chunk_record,
    digest_of,
    manifest_record,
)
from cbvird.care.chunks import chunks_of
from cbvird.ingest.job_rows import job_entries

STORE_PREFIX, FILE_PREFIX, JOBS_PART = "store/", "file/", "jobs"

OPTIONAL_TABLES = {"stills": Table.STILLS, "features": Table.FEATURES}
"""What a backup may leave out, by the name that users write."""

MADE_OF_STILLS = (Table.UNFEATURED, Table.UNREFINED)
"""Lists of rows for which something is still to be made of their stills."""

FILE_CHUNK_BYTES = 4 << 20

BACKUP_NICE = 10


def main(arguments: list[str] | None = None) -> int:
    """Write the stream; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cbvird.care.snapshot", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", action="append", default=[], choices=sorted(OPTIONAL_TABLES))
    options = parser.parse_args(arguments)
    os.nice(BACKUP_NICE)
    raw = sys.stdin.buffer.read()
    known = {raw[start : start + DIGEST_BYTES] for start in range(0, len(raw), DIGEST_BYTES)}
    try:
        write_stream(sys.stdout.buffer, options.folder, known, options.without)
    except CbvirError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever asked hung up
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def write_stream(out: BinaryIO, folder: Path, known: set[bytes], without: Iterable[str]) -> None:
    """Write all parts of the data folder, and the manifest.  Raises StoreError."""
    left_out = {OPTIONAL_TABLES[name] for name in without}
    counts: dict[str, int] = {}
    with store_snapshot(folder / "store") as snapshot:
        for table in Table:
            part = STORE_PREFIX + table.value
            counts[part] = _write_part(out, part, chunks_of(_entries(snapshot, table, left_out)), known)
    counts[JOBS_PART] = _write_part(out, JOBS_PART, chunks_of(job_entries(folder / "jobs")), known)
    for name, path in _files(folder):
        counts[FILE_PREFIX + name] = _write_part(out, FILE_PREFIX + name, _pieces(path), known)
    out.write(manifest_record(_manifest(counts, sorted(without))))
    out.flush()


def _entries(snapshot: StoreSnapshot, table: Table, left_out: set[Table]) -> Iterator[StoreEntry]:
    """Yield what the backup holds of a table.

    What is left out and can be made again waits for that; without stills nothing can be.
    """
    without_stills = Table.STILLS in left_out and table in MADE_OF_STILLS
    if table in left_out or without_stills:
        return
    if table == Table.UNFEATURED and Table.FEATURES in left_out:
        yield from ((key, b"") for key, _ in snapshot.entries(Table.ROWS))
    else:
        yield from snapshot.entries(table)


def _manifest(chunks: dict[str, int], without: list[str]) -> dict[str, Any]:
    return {
        "format": BACKUP_FORMAT,
        "version": VERSION,
        "made_at": time.time(),
        "without": without,
        "chunks": chunks,
    }


def _write_part(out: BinaryIO, part: str, chunks: Iterable[bytes], known: set[bytes]) -> int:
    """Write the chunks of a part, those that are `known` by their digests alone; return how many."""
    count = 0
    for data in chunks:
        digest = digest_of(data)
        out.write(chunk_record(part, digest, None if digest in known else data))
        known.add(digest)  # the same bytes again are sent once
        count += 1
    return count


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what lies beside the store and cannot be made again: name and path."""
    for top in (folder / "calibration.json", folder / "models"):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(folder)), path


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(FILE_CHUNK_BYTES):
            yield piece


if __name__ == "__main__":
    sys.exit(main())
