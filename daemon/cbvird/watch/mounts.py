"""What is mounted where: which folders inotify cannot watch, and which have gone away."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

# fmt: off
REMOTE = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
))
"""File systems that other machines (or the host of a virtual one) change without inotify hearing of it."""

LOCAL_FUSE = frozenset(("fuse.bindfs", "fuse.encfs", "fuse.gocryptfs", "fuse.mergerfs", "fuse.ntfs-3g"))
"""Of the file systems in user space these show local disks; any other may show another machine."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the kernel's table: where, of which type, and the device's numbers."""

    point: Path
    fstype: str
    device: str


def read_mounts(table: Path = MOUNTINFO) -> list[Mount]:
    """The mounts as this process sees them, in the order of mounting; none where there is no table."""
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [mount for line in lines if (mount := _parse(line)) is not None]


def is_remote(folder: Path, mounts: list[Mount]) -> bool:
    """Whether `folder` lies on a file system that inotify cannot be trusted with."""
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount.point)]
    if not above:
        return False
    # of equally deep ones the last lies on top
    fstype = max(enumerate(above), key=lambda item: (len(item[1].point.parts), item[0]))[1].fstype
    return fstype in REMOTE or (fstype.startswith("fuse.") and fstype not in LOCAL_FUSE)


def mounts_below(folder: Path, mounts: list[Mount]) -> frozenset[Mount]:
    """What is mounted inside `folder`, with `point` written as below `folder`."""
    real = folder.resolve()
    return frozenset(
        replace(mount, point=folder / mount.point.relative_to(real))
        for mount in mounts
        if mount.point != real and mount.point.is_relative_to(real)
    )


def _parse(line: str) -> Mount | None:
    """``36 35 98:0 /root /point options [tags] - fstype source options``, see proc(5)."""
    left, separator, right = line.partition(" - ")
    fields = left.split(" ")
    if not separator or len(fields) < 5:
        return None
    return Mount(Path(_unescape(fields[4])), right.split(" ")[0], fields[2])


def _unescape(text: str) -> str:
    """Blanks, tabs, newlines and backslashes stand there as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
