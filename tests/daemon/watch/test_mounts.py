from __future__ import annotations

from pathlib import Path

from cbvird.watch.mounts import Mount, is_remote, mounts_below, read_mounts
from support.watching import LOCAL


def test_the_mount_table_is_read_with_its_escapes(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 0:40 / /mnt/my\\040nas rw - nfs4 server:/export rw\n"
        "31 22 0:41 / /mnt/sshfs rw - fuse.sshfs host:/ rw\n"
        "32 22 8:2 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw\n"
        "nonsense\n"
    )
    mounts = read_mounts(table)
    assert mounts[1] == Mount(Path("/mnt/my nas"), "nfs4", "0:40")
    assert [is_remote(Path(path), mounts) for path in ("/home", "/mnt/my nas/a", "/mnt/sshfs")] == [0, 1, 1]
    assert not is_remote(Path("/mnt/ntfs"), mounts)
    assert {mount.point for mount in mounts_below(Path("/mnt"), mounts)} == {
        Path(f"/mnt/{name}") for name in ("my nas", "sshfs", "ntfs")
    }
    assert read_mounts(tmp_path / "missing") == []
    assert not is_remote(Path("/home"), [])


def test_of_two_mounts_at_one_place_the_later_counts() -> None:
    below = Mount(Path("/mnt"), "autofs", "0:1")
    assert is_remote(Path("/mnt/a"), [*LOCAL, below, Mount(Path("/mnt"), "cifs", "0:2")])
