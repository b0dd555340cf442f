"""How much room a library takes."""

from __future__ import annotations

from collections.abc import Callable

from cbvir_core.library import Library
from support.films import Film
from support.libraries import store_of


def test_parts_of_the_store_add_up(open_library: Callable[..., Library], films: list[Film]) -> None:
    library = open_library(profile="first")
    empty = library.disk_use()
    library.add(films[0].path)
    while library.maintain():
        pass
    use = library.disk_use()
    assert use.store > empty.store
    assert sum(use.parts.values()) >= use.store
    stills = sum(
        len(store_of(library).still(row.keyframe_id))
        for row in library.keyframes(library.videos()[0].video_id)
    )
    assert use.parts["stills"] >= stills > 0
    assert use.parts["thumbnails"] > 0
    assert use.models > 0
    assert use.free > 0
