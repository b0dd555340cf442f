"""Paths as text: whatever bytes a name is made of, it has a text of its own, by which it is found."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from cbvir_shared.path_text import as_utf8, path_of, printable, shown


@given(st.binary(max_size=40))
@example(b"\\xff")
@example(b"\\\xff")
@example(b"\\x5cxff")
@example("café \xff".encode("latin-1"))
def test_a_path_comes_back_from_its_text(name: bytes) -> None:
    path = os.fsdecode(name)
    text = shown(path)
    assert json.loads(json.dumps(text).encode()) == text
    assert text.encode().decode() == text
    assert path_of(text) == path
    assert path_of(printable(text)) == path
    assert all(character.isprintable() or ord(character) > 127 for character in printable(text))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda text: "\\x" not in text))
def test_a_path_that_is_a_text_is_its_own(text: str) -> None:
    assert shown(text) == as_utf8(text) == path_of(text) == text


def test_two_names_that_differ_in_a_byte_look_different() -> None:
    assert [shown(Path(os.fsdecode(name))) for name in (b"caf\xe9.mp4", b"caf\xe8.mp4", b"caf\\xe9.mp4")] == [
        r"caf\xe9.mp4",
        r"caf\xe8.mp4",
        r"caf\x5cxe9.mp4",
    ]


def test_a_surrogate_that_is_no_byte_ends_nothing() -> None:
    assert shown("\ud800.mp4") == "?.mp4"
    assert path_of("\ud800.mp4") == "?.mp4"
