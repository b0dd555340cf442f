"""`Library` is the only door to a folder of known videos: nobody uses the parts inside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.library import Library
from cbvir_core.library.videos import LibraryVideos
from support.films import Film
from support.libraries import LibraryOpener

ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path("cbvir_core/library")
DOOR_OF_TESTS = Path("tests/support/libraries.py")
PARTS = {"store", "index", "generation", "generations", "maintenance"}


def uses_of_parts(source: str) -> Iterator[str]:
    """Yield each use of a part, or of anything private, of what is called a library."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute):
            continue
        private = node.attr.startswith("_") and not node.attr.startswith("__")
        owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
        if owner.lstrip("_") == "library" and (private or node.attr in PARTS):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def test_the_rule_sees_what_it_should() -> None:
    source = (
        "self._library.store.videos(); library._generations; served.library.index.status(); library.find(x)"
    )
    assert len(list(uses_of_parts(source))) == 3


@pytest.mark.parametrize("folder", ["cbvir_core", "daemon", "tests"])
def test_nobody_uses_the_inside_of_a_library(folder: str) -> None:
    broken = [
        f"{name}: {use}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if INSIDE not in (name := path.relative_to(ROOT)).parents and name != DOOR_OF_TESTS
        for use in uses_of_parts(path.read_text("utf-8"))
    ]
    assert broken == []


def test_a_library_has_no_public_parts(open_library: LibraryOpener) -> None:
    with open_library() as library:
        assert [name for name in vars(library) if not name.startswith("_")] == []
        # One base, for what is only handed on to the store; everything else is a part inside.
        assert Library.__mro__ == (Library, LibraryVideos, object)


def test_what_is_known_can_be_asked_for(films: list[Film], open_library: LibraryOpener) -> None:
    first, second = films[0].path, films[1].path
    with open_library() as library:
        record = library.add(first)
        assert library.videos() == [record]
        assert library.video(record.video_id) == library.video_at(first) == library.find(str(first)) == record
        keyframes = library.keyframes(record.video_id)
        assert len(keyframes) == record.keyframes == library.counts().keyframes == library.index_status().rows
        assert library.still(keyframes[0].keyframe_id)[:2] == b"\xff\xd8"
        library.rebuild_index()
        assert library.index_status().segments == 1
        library.move_path(first, second)
        assert library.video_at(first) is None
        assert library.find(str(second)).paths == (second,)
        library.remove_path(record.video_id, second)
        assert library.find(record.video_id[:8]).paths == ()
        library.add(first)
        library.drop_path(first)
        assert library.videos() == []
