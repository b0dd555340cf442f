from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbvird.watch import FileGone, FileMoved, FileSeen
from cbvird.watch.mounts import Mount
from support.watching import LOCAL, Listener, touch


def test_files_come_change_move_and_go(root: Path, watch: Any, listener: Listener, polling: bool) -> None:
    touch(root / "old.mp4")
    watcher = watch(polling=polling)
    assert watcher.roots()[0].watch == ("polling" if polling else "inotify")
    listener.wait_for(FileSeen(root / "old.mp4"))
    touch(root / "new.mp4")
    listener.wait_for(FileSeen(root / "new.mp4"))
    listener.clear()
    with (root / "new.mp4").open("ab") as file:
        file.write(b"more")
    listener.wait_for(FileSeen(root / "new.mp4"))
    (root / "new.mp4").rename(root / "moved.mp4")
    listener.wait_for(FileMoved(root / "new.mp4", root / "moved.mp4"))
    (root / "moved.mp4").unlink()
    listener.wait_for(FileGone(root / "moved.mp4"))
    assert (root / "old.mp4").read_bytes() == b"x"


def test_moved_in_and_linked_files_are_seen(
    root: Path, tmp_path: Path, watch: Any, listener: Listener, polling: bool
) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "b.mp4")
    watch(polling=polling)
    (tmp_path / "a.mp4").rename(root / "a.mp4")
    (root / "b.mp4").hardlink_to(tmp_path / "b.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))
    listener.wait_for(FileSeen(root / "b.mp4"))


def test_folders_that_come_move_and_go_take_their_files_along(
    root: Path, tmp_path: Path, watch: Any, listener: Listener, polling: bool
) -> None:
    touch(tmp_path / "show" / "s1" / "a.mp4", root / "kept" / "b.mp4")
    known = [root / "show" / "s1" / "a.mp4", root / "kept" / "b.mp4"]
    watch(known=lambda: known, polling=polling)
    (tmp_path / "show").rename(root / "show")
    listener.wait_for(FileSeen(root / "show" / "s1" / "a.mp4"))
    (root / "kept").rename(root / "renamed")
    listener.wait_for(FileMoved(root / "kept" / "b.mp4", root / "renamed" / "b.mp4"))
    (root / "show").rename(tmp_path / "away")
    listener.wait_for(FileGone(root / "show" / "s1" / "a.mp4"))


def test_files_in_folders_made_in_one_go_are_seen(root: Path, watch: Any, listener: Listener) -> None:
    watch(polling=False)
    for number in range(20):
        touch(root / f"{number}" / "a" / "b" / "film.mp4")
    for number in range(20):
        listener.wait_for(FileSeen(root / f"{number}" / "a" / "b" / "film.mp4"))


@pytest.mark.slow
def test_twenty_thousand_files_at_once_are_all_seen(
    root: Path, tmp_path: Path, watch: Any, listener: Listener
) -> None:
    """A tree that is moved in, and more files than the kernel's queue of events has places."""
    trees = [tmp_path / "tree", root / "here"]
    files = [tree / f"{number % 20}" / f"{number}.mp4" for tree in trees for number in range(10_000)]
    touch(*files[:10_000])
    watch(polling=False)
    touch(*files[10_000:])
    trees[0].rename(root / "moved")
    unseen = {root / "moved" / file.relative_to(trees[0]) for file in files[:10_000]} | set(files[10_000:])
    while unseen:
        event = listener.events.get(timeout=60)
        if isinstance(event, FileSeen):
            unseen.discard(event.path)


def test_a_download_is_seen_when_it_gets_its_name(root: Path, watch: Any, listener: Listener) -> None:
    watch(polling=False)
    touch(root / "film.mp4.part")
    (root / "film.mp4.part").rename(root / "film.mp4")
    listener.wait_for(FileSeen(root / "film.mp4"))
    (root / "film.mp4").rename(root / "film.bak")
    listener.wait_for(FileGone(root / "film.mp4"))
    assert all("part" not in str(event) for event in listener.so_far())


def test_reading_a_file_is_no_event(root: Path, watch: Any, listener: Listener) -> None:
    touch(root / "a.mp4")
    watch(polling=False)
    listener.wait_for(FileSeen(root / "a.mp4"))
    listener.clear()
    for _ in range(50):
        (root / "a.mp4").read_bytes()
    touch(root / "end.mp4")
    listener.wait_for(FileSeen(root / "end.mp4"))
    assert FileSeen(root / "a.mp4") not in listener.so_far()


def test_a_watched_link_and_a_folder_inside_another_are_watched_once(
    root: Path, tmp_path: Path, watch: Any, listener: Listener
) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    (root / "inner").mkdir()
    watcher = watch(folders=(link, link / "inner"), polling=False)
    assert [(one.path, one.within) for one in watcher.roots()] == [(link, None), (link / "inner", link)]
    touch(root / "inner" / "a.mp4")
    listener.wait_for(FileSeen(link / "inner" / "a.mp4"))


def test_network_file_systems_are_polled(root: Path, watch: Any, listener: Listener) -> None:
    watcher = watch(mounts=lambda: [*LOCAL, Mount(root.resolve(), "nfs4", "0:9")])
    assert watcher.roots()[0].watch == "polling"
    (root / "loop").symlink_to(root)
    touch(root / "a.mp4")
    listener.wait_for(FileSeen(root / "a.mp4"))
