"""What happens to a video when a file of it gets another name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cbvir_core.errors import UnknownVideo
from cbvir_core.library import Library


def move_path(library: Library, source: Path, target: Path) -> None:
    """The file at `source` is now at `target`; what was known of `target` before is overwritten."""
    moved = library.store.video_at(source)
    overwritten = library.store.video_at(target)
    if overwritten is not None and overwritten != moved:
        library.store.drop_path(target)
    if moved is not None:
        with suppress(UnknownVideo):
            library.store.move_path(moved.video_id, source, target)
