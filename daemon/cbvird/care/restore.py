"""The program that makes a data folder of a backup, for a service that does not run yet.

What it makes lies under another name until it is complete, and the store comes last: a data folder has the
whole backup, or none.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cbvir_core.errors import CbvirError, ConfigError, FileExists, StoreError, StoreVersion
from cbvir_core.files import no_room
from cbvir_core.store import PathMap, Store, StoreEntry, Table, absolute_path, fill_store
from cbvir_shared.backup_file import BackupFile, BackupFileError
from cbvir_shared.backup_stream import BACKUP_FORMAT
from cbvir_shared.error_document import error_document
from cbvird.care.chunks import entries_of
from cbvird.care.snapshot import FILE_PREFIX, JOBS_PART, STORE_PREFIX
from cbvird.ingest.job_rows import JobRows, jobs_of
from cbvird.runtime.data_folder import make_data_folder

UNFINISHED = "restoring"
"""The folder in the data folder in which everything is made."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored data folder holds."""

    folder: Path
    videos: int
    keyframes: int
    paths_changed: int
    without: tuple[str, ...]


def restore(backup: Path, folder: Path, moved: PathMap) -> Restored:
    """Make the data folder `folder` of a backup.

    Raises FileExists where the folder has a store, StoreError where the backup cannot be used, DiskFull.
    """
    if folder.exists() and not folder.is_dir():
        raise FileExists("is no folder; name one that is empty, or is not there yet.", path=folder)
    if (folder / "store").exists():
        raise FileExists("has a library already; name an empty folder.", path=folder)
    unfinished = folder / UNFINISHED
    try:
        with BackupFile.open(backup) as file:
            manifest = file.manifest
            if manifest is None:
                raise StoreError("is not complete; make the backup again, it goes on.", path=backup)
            if manifest["format"] > BACKUP_FORMAT:
                raise StoreVersion("was made by a later release of cbvir.", path=backup)
            make_data_folder(folder)
            shutil.rmtree(unfinished, ignore_errors=True)
            with no_room(unfinished):
                _fill(file, unfinished, moved)
                made = _checked(unfinished, moved)
                _put_in_place(unfinished, folder)
    except BackupFileError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(f"{folder} cannot be filled: {error}") from error
    return replace(made, folder=folder, without=tuple(manifest["without"]))


def _fill(file: BackupFile, folder: Path, moved: PathMap) -> None:
    """Make store, rows of files, and the files beside them."""
    parts = file.parts()
    tables = [table for table in Table if STORE_PREFIX + table.value in parts]
    fill_store(folder / "store", ((table, _batches(file, STORE_PREFIX + table.value)) for table in tables))
    rows = JobRows.open(folder / "jobs")
    try:
        entries = [entry for batch in _batches(file, JOBS_PART) for entry in batch]
        rows.write((replace(job, path=moved(job.path)) for job in jobs_of(entries)), [])
    finally:
        rows.close()
    for part in parts:
        if part.startswith(FILE_PREFIX):
            _write_file(file, part, folder)


def _batches(file: BackupFile, part: str) -> Iterator[Sequence[StoreEntry]]:
    for chunk in file.chunks(part):
        yield entries_of(chunk)


def _write_file(file: BackupFile, part: str, folder: Path) -> None:
    name = PurePosixPath(part.removeprefix(FILE_PREFIX))
    if name.is_absolute() or ".." in name.parts:
        raise StoreError(f"has a file with the name {str(name)!r}, outside of the folder.", path=file.path)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for chunk in file.chunks(part):
            out.write(chunk)


def _checked(folder: Path, moved: PathMap) -> Restored:
    """Open the store as the service will, move its paths, and count what it holds."""
    with Store.open(folder / "store") as store:
        changed = store.relocate(moved) if moved else 0
        counts = store.counts()
        return Restored(folder, len(store.videos()), counts.keyframes, changed, ())


def _put_in_place(unfinished: Path, folder: Path) -> None:
    for path in sorted(unfinished.iterdir(), key=lambda one: one.name == "store"):
        target = folder / path.name
        if target.is_dir():
            shutil.rmtree(target)
        path.rename(target)
    unfinished.rmdir()


def main(arguments: list[str] | None = None) -> int:
    """Restore, and print what came of it as JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cbvird.care.restore", description=__doc__)
    parser.add_argument("backup", type=Path)
    parser.add_argument("--into", type=Path, help="the data folder; default: that of the configuration")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--map", action="append", default=[], metavar="OLD=NEW")
    options = parser.parse_args(arguments)
    try:
        folder = options.into or _configured(options.config)
        done = restore(options.backup, absolute_path(folder), path_map(options.map))
    except CbvirError as error:
        print(json.dumps(error_document(error.code, str(error), retry=error.retry)))
        return 5
    found = {
        "folder": str(done.folder),
        "videos": done.videos,
        "keyframes": done.keyframes,
        "paths_changed": done.paths_changed,
        "without": list(done.without),
    }
    print(json.dumps(found))
    return 0


def path_map(pairs: Sequence[str]) -> PathMap:
    """Return the map that ``OLD=NEW`` pairs say.  Raises ConfigError."""
    folders = {}
    for pair in pairs:
        old, separator, new = pair.partition("=")
        if not separator or not old.startswith("/") or not new.startswith("/"):
            raise ConfigError(f"--map wants /old/folder=/new/folder, not {pair!r}")
        folders[absolute_path(Path(old))] = absolute_path(Path(new))
    return PathMap(folders)


def _configured(config: Path | None) -> Path:
    from cbvird.config import load_settings

    return load_settings(config).service.data_dir


if __name__ == "__main__":
    sys.exit(main())
