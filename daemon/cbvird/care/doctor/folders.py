"""Watched folders and the data folder: whether they are there, may be used, and have room."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from cbvird.care.doctor.finding import Finding, fault, good, note
from cbvird.care.restore import UNFINISHED
from cbvird.config import Settings
from cbvird.runtime.data_folder import KEEP_APART, overlap
from cbvird.watch.mounts import is_remote, read_mounts

MIN_FREE_BYTES, USUAL_FREE_BYTES = 1 << 30, 5 << 30
MIN_FREE_FILES = 10_000


def check_watched(settings: Settings) -> Iterator[Finding]:
    """Check the folders that are watched."""
    if not settings.watch.folders:
        yield note("watched folders", "no folder is watched", "name folders under [watch] folders")
    mounts, data = read_mounts(), settings.service.data_dir
    for folder in settings.watch.folders:
        if not folder.exists():
            advice = "mount its disk, make it, or take it out of [watch] folders"
            yield fault("watched folders", f"{folder} is not there", advice)
        elif not folder.is_dir():
            yield fault("watched folders", f"{folder} is no folder", "name the folder that it lies in")
        elif not os.access(folder, os.R_OK | os.X_OK):
            advice = "let the user of the service read it, by its group or an ACL"
            yield fault("watched folders", f"{folder} may not be read by this user", advice)
        elif said := overlap(folder, data):
            yield fault("watched folders", said, KEEP_APART)
        elif settings.watch.polling is False and is_remote(folder, mounts):
            advice = 'set watch.polling to "auto"'
            yield fault("watched folders", f"{folder} is on another machine, and is not polled", advice)
        else:
            yield good("watched folders", f"{folder} can be read")


def check_data(settings: Settings) -> Iterator[Finding]:
    """Check the data folder, and the room on its disk."""
    folder = settings.service.data_dir
    if not folder.exists():
        parent = next(one for one in folder.parents if one.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield note("data folder", f"{folder} is not there yet; the service makes it")
        else:
            advice = "make it, and let the user of the service write to it, or set service.data_dir"
            yield fault("data folder", f"{folder} is not there, and {parent} may not be written to", advice)
        return
    if not folder.is_dir():
        yield fault("data folder", f"{folder} is no folder", "set service.data_dir to a folder")
        return
    yield from _permissions(folder)
    if is_remote(folder, read_mounts()):
        advice = "set service.data_dir to a local disk: the store maps its file into memory"
        yield fault("data folder", f"{folder} is on another machine", advice)
    if (folder / UNFINISHED).exists():
        advice = "run `cbvirctl restore` again, or delete that folder"
        yield fault("data folder", f"a restore was cut short: {folder / UNFINISHED}", advice)
    yield from _room(folder)


def _permissions(folder: Path) -> Iterator[Finding]:
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        advice = "run this as the user of the service, or give the folder to that user"
        yield fault("data folder", f"{folder} may not be written to by this user", advice)
        return
    owner = folder.stat().st_uid
    others = sorted(str(path) for path in folder.iterdir() if path.lstat().st_uid != owner)
    if others:
        advice = f"give them to the owner of {folder}: chown -R --reference={folder} {folder}"
        yield fault("data folder", f"{others[0]} belongs to another user than {folder}", advice)
    elif stat.S_IMODE(folder.stat().st_mode) & stat.S_IWOTH:
        yield fault("data folder", f"anybody may write to {folder}", f"chmod o-w {folder}")
    elif stat.S_IMODE(folder.stat().st_mode) & (stat.S_IROTH | stat.S_IXOTH):
        said = f"anybody may read stills and paths of videos in {folder}"
        yield note("data folder", said, f"chmod o= {folder}")
    else:
        yield good("data folder", f"{folder} can be written to")


def _room(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:,.1f} GB are free on the disk of {folder}"
    if free < MIN_FREE_BYTES:
        yield fault("disk", said, "make room: what is taken in waits until there is some")
    elif free < USUAL_FREE_BYTES:
        yield note("disk", said, "an hour of film takes up to 60 MB")
    else:
        yield good("disk", said)
    files = os.statvfs(folder)
    if files.f_files and files.f_favail < MIN_FREE_FILES:
        advice = "delete files that nobody needs on that disk"
        yield fault("disk", f"only {files.f_favail:,} more files can be made on the disk of {folder}", advice)
