"""The language of docstrings, comments, documents and messages: no word that the glossary replaces."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "config.toml", *(ROOT / "docs").glob("*.md")]
PRODUCTION = [*sorted((ROOT / "cbvir_core").rglob("*.py")), *sorted((ROOT / "daemon").rglob("*.py"))]

RIDDLES = ("who answers now", "nobody asks", "nobody waits for", "is asked for it", "whichever is that")
"""Phrases that say who does something where nobody does."""


def unused() -> tuple[str, ...]:
    """The words of the glossary's last section that no text may use."""
    section = GLOSSARY.read_text("utf-8").partition("## Words that are not used")[2]
    return tuple(re.findall(r"[a-z]+", section.partition(', "')[0]))


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and strings of a Python file with the lines at which they begin; lines of another file."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], token.string


def test_no_text_uses_a_private_word() -> None:
    banned = re.compile(rf"\b({'|'.join((*unused(), *RIDDLES))})s?\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match.group()}"
        for path in (*DOCUMENTS, *PRODUCTION)
        if path != GLOSSARY
        for line, text in prose(path)
        for match in banned.finditer(text)
        if "belief.json" not in text  # the name that a file of an earlier version has
    ]
    assert found == []


def test_every_word_of_the_list_is_seen() -> None:
    assert {"belief", "upkeep", "survey", "turnstile", "shelf", "crew", "oneblas"} == set(unused())


def test_public_functions_begin_with_a_verb_and_classes_with_a_noun() -> None:
    """First lines of functions are imperative: "Return", not "Returns", "Gives" or "The"."""
    third_person = re.compile(
        r'^ *def [a-z]\w*\([^"]*?\)[^"]*?:\n +"""(\w+s) (a|an|the|of|to|up|each|every|no|it)\b', re.M
    )
    plural_nouns = {
        "Frames",
        "Keyframes",
        "Rows",
        "Scenes",
        "Videos",
        "Files",
        "Pictures",
        "Seconds",
        "Bytes",
    }
    found = [
        f"{path.relative_to(ROOT)}: {match.group(1)}"
        for path in PRODUCTION
        for match in third_person.finditer(path.read_text("utf-8"))
        if match.group(1) not in plural_nouns
    ]
    assert found == []
