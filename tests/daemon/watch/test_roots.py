from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from cbvird.watch import FileGone, FileSeen
from cbvird.watch.mounts import Mount
from support.watching import LOCAL, Listener, touch, wait_until


def test_a_root_that_vanishes_is_offline_and_comes_back(
    root: Path, tmp_path: Path, watch: Any, listener: Listener, polling: bool
) -> None:
    touch(root / "a.mp4")
    watcher = watch(known=lambda: [root / "a.mp4"], polling=polling)
    listener.wait_for(FileSeen(root / "a.mp4"))
    assert watcher.is_online(root / "a.mp4")
    root.rename(tmp_path / "away")
    wait_until(lambda: watcher.roots()[0].state == "offline")
    assert not watcher.is_online(root / "a.mp4")
    listener.clear()
    watcher.rescan()
    (tmp_path / "away").rename(root)
    listener.wait_for(FileSeen(root / "a.mp4"))
    touch(root / "b.mp4")
    listener.wait_for(FileSeen(root / "b.mp4"))
    assert not any(isinstance(event, FileGone) for event in listener.so_far())
    assert watcher.roots()[0].state == "online"


def test_an_empty_mount_point_is_not_taken_for_a_folder_whose_files_were_deleted(
    root: Path, tmp_path: Path, watch: Any, listener: Listener, polling: bool
) -> None:
    touch(root / "a.mp4")
    watcher = watch(known=lambda: [root / "a.mp4"], polling=polling)
    root.rename(tmp_path / "disk")
    root.mkdir()
    wait_until(lambda: watcher.roots()[0].state == "offline")
    root.rmdir()
    (tmp_path / "disk").rename(root)
    wait_until(lambda: watcher.roots()[0].state == "online")
    assert not any(isinstance(event, FileGone) for event in listener.so_far())


def test_what_else_lies_in_a_mount_point_does_not_make_the_videos_gone(
    root: Path, tmp_path: Path, watch: Any, listener: Listener
) -> None:
    touch(root / "a.mp4")
    watcher = watch(known=lambda: [root / "a.mp4"])
    root.rename(tmp_path / "disk")
    touch(root / "notes.txt", root / "folder" / "more.txt")
    wait_until(lambda: bool(watcher.roots()[0].reason))
    touch(root / "other.mp4")
    listener.wait_for(FileSeen(root / "other.mp4"))
    listener.wait_for(FileGone(root / "a.mp4"))
    assert watcher.roots()[0].state == "online"


def test_files_deleted_while_nobody_watched_are_reported(root: Path, watch: Any, listener: Listener) -> None:
    touch(root / "kept.mp4")
    known = [root / "kept.mp4", root / "deleted.mp4", root / "gone" / "too.mp4", Path("/elsewhere/c.mp4")]
    watch(known=lambda: known)
    listener.wait_for(FileGone(root / "deleted.mp4"))
    listener.wait_for(FileGone(root / "gone" / "too.mp4"))
    assert {event for event in listener.so_far() if isinstance(event, FileGone)} == {
        FileGone(root / "deleted.mp4"),
        FileGone(root / "gone" / "too.mp4"),
    }


def test_the_last_file_of_a_folder_can_be_deleted(root: Path, watch: Any, listener: Listener) -> None:
    watcher = watch(known=lambda: [root / "a.mp4"], polling=False)
    assert watcher.roots()[0].state == "offline"
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))
    (root / "a.mp4").unlink()
    listener.wait_for(FileGone(root / "a.mp4"))


def test_files_on_a_disk_that_was_unmounted_inside_a_root_are_offline_not_gone(
    root: Path, watch: Any, listener: Listener
) -> None:
    touch(root / "usb" / "a.mp4", root / "b.mp4")
    table = [*LOCAL, Mount(root.resolve() / "usb", "exfat", "8:17")]
    watcher = watch(known=lambda: [root / "usb" / "a.mp4", root / "b.mp4"], mounts=lambda: list(table))
    table.pop()
    (root / "usb" / "a.mp4").unlink()
    wait_until(lambda: not watcher.is_online(root / "usb" / "a.mp4"))
    (root / "usb").rmdir()
    (root / "b.mp4").unlink()
    listener.wait_for(FileGone(root / "b.mp4"))
    assert watcher.is_online(root / "b.mp4")
    assert FileGone(root / "usb" / "a.mp4") not in listener.so_far()
    touch(root / "usb" / "a.mp4")
    table.append(Mount(root.resolve() / "usb", "exfat", "8:33"))
    wait_until(lambda: watcher.is_online(root / "usb" / "a.mp4"))


def test_two_roots_do_not_wait_for_each_other(
    tmp_path: Path, root: Path, watch: Any, listener: Listener
) -> None:
    watcher = watch(folders=(root, tmp_path / "missing"))
    assert [status.state for status in watcher.roots()] == ["online", "offline"]
    touch(tmp_path / "missing" / "a.mp4")
    listener.wait_for(FileSeen(tmp_path / "missing" / "a.mp4"))


def test_a_root_inside_another_is_watched_with_it_and_has_a_state_of_its_own(
    root: Path, watch: Any, listener: Listener
) -> None:
    (root / "inner").mkdir()
    table = [*LOCAL, Mount(root.resolve() / "usb", "exfat", "8:17")]
    folders = (root / "missing", root / "inner", root, root / "usb")
    touch(root / "usb" / "a.mp4")
    watcher = watch(folders=folders, known=lambda: [root / "usb" / "a.mp4"], mounts=lambda: list(table))

    def states() -> dict[str, tuple[str, str]]:
        assert [status.path for status in watcher.roots()] == [root, *(one for one in folders if one != root)]
        assert [status.within for status in watcher.roots()] == [None, root, root, root]
        return {status.path.name: (status.state, status.reason) for status in watcher.roots()}

    here = ("online", "")
    absent = ("offline", "No such file or directory")
    assert states() == {"videos": here, "missing": absent, "inner": here, "usb": here}
    touch(root / "missing" / "b.mp4")
    listener.wait_for(FileSeen(root / "missing" / "b.mp4"))
    table.pop()
    away = {"videos": here, "missing": here, "inner": here, "usb": ("offline", "its disk is not mounted")}
    wait_until(lambda: states() == away)


def test_roots_that_are_not_recursive_are_watched_apart(root: Path, watch: Any) -> None:
    (root / "inner").mkdir()
    watcher = watch(folders=(root, root / "inner"), recursive=False)
    assert [(status.path, status.within) for status in watcher.roots()] == [
        (root, None),
        (root / "inner", None),
    ]


def test_a_rescan_finds_what_no_event_told(
    root: Path, watch: Any, listener: Listener, tmp_path: Path
) -> None:
    touch(tmp_path / "elsewhere" / "a.mp4")
    watcher = watch(polling=False)
    (root / "link").symlink_to(tmp_path / "elsewhere")
    watcher.rescan()
    listener.wait_for(FileSeen(root / "link" / "a.mp4"))
    touch(tmp_path / "elsewhere" / "b.mp4")
    watcher.rescan()
    listener.wait_for(FileSeen(root / "link" / "b.mp4"))


def test_a_rescan_is_over_when_everything_has_been_looked_at(
    root: Path, watch: Any, listener: Listener
) -> None:
    may_look, looking = threading.Event(), threading.Event()
    may_look.set()

    def known() -> list[Path]:
        looking.set()
        assert may_look.wait(20)
        return []

    watcher = watch(known=known, polling=True, poll_s=3600.0)
    wait_until(lambda: watcher.scanned)
    may_look.clear()
    looking.clear()
    watcher.rescan()
    assert not watcher.scanned
    assert looking.wait(20)  # else the second look below would be the first
    watcher.rescan()  # asked for while a look is under way: that one does not count
    touch(root / "new.mp4")
    may_look.set()
    wait_until(lambda: watcher.scanned)
    assert FileSeen(root / "new.mp4") in listener.so_far()
