"""What happens to a video when a file of it goes or gets another name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cbvir_core.errors import UnknownVideo
from cbvir_core.library import Library


def drop_path(library: Library, path: Path) -> None:
    """Forget that a video lies at `path`, and the video too where that was its last path."""
    record = library.store.video_at(path)
    if record is None:
        return
    with suppress(UnknownVideo):  # forgotten by order meanwhile
        library.store.remove_path(record.video_id, path)
        if record.paths == (path,):
            library.remove(record.video_id)


def move_path(library: Library, source: Path, target: Path) -> None:
    """The file at `source` is now at `target`; what was known of `target` before is overwritten."""
    moved = library.store.video_at(source)
    overwritten = library.store.video_at(target)
    if overwritten is not None and overwritten != moved:
        drop_path(library, target)
    if moved is not None:
        with suppress(UnknownVideo):
            library.store.move_path(moved.video_id, source, target)
