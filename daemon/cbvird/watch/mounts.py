"""The table of mounts: which folders inotify cannot watch, and which disks are gone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

# fmt: off
REMOTE_FILE_SYSTEMS = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
))
"""File systems that other machines, or the host of a virtual one, change without an event of inotify."""

LOCAL_FUSE_FILE_SYSTEMS = frozenset((
    "fuse.bindfs", "fuse.encfs", "fuse.gocryptfs", "fuse.mergerfs", "fuse.ntfs-3g",
))
"""File systems in user space that show local disks; any other may show another machine."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the kernel's table: the mount point, the type of file system, the numbers of the device."""

    point: Path
    fstype: str
    device: str


def read_mounts(table: Path = MOUNTINFO) -> list[Mount]:
    """Return the mounts that this process sees, in the order of mounting; none where there is no table."""
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [mount for line in lines if (mount := _parse(line)) is not None]


def is_remote(folder: Path, mounts: list[Mount]) -> bool:
    """Return whether `folder` lies on a file system on which inotify misses changes."""
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount.point)]
    if not above:
        return False
    # of equally deep mounts the last one lies on top
    fstype = max(enumerate(above), key=lambda item: (len(item[1].point.parts), item[0]))[1].fstype
    return fstype in REMOTE_FILE_SYSTEMS or (
        fstype.startswith("fuse.") and fstype not in LOCAL_FUSE_FILE_SYSTEMS
    )


def mounts_below(folder: Path, mounts: list[Mount]) -> frozenset[Mount]:
    """Return what is mounted inside `folder`; each `point` is written as a path below `folder`."""
    real = folder.resolve()
    return frozenset(
        replace(mount, point=folder / mount.point.relative_to(real))
        for mount in mounts
        if mount.point != real and mount.point.is_relative_to(real)
    )


def _parse(line: str) -> Mount | None:
    """Parse ``36 35 98:0 /root /point options [tags] - fstype source options``, see proc(5)."""
    left, separator, right = line.partition(" - ")
    fields = left.split(" ")
    if not separator or len(fields) < 5:
        return None
    return Mount(Path(_unescape(fields[4])), right.split(" ")[0], fields[2])


def _unescape(text: str) -> str:
    """Put back blanks, tabs, newlines and backslashes, which the table writes as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
