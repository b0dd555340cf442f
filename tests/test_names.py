"""Names: one class, one alias and one public constant of a name, and none of the words that are not used."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.sources import parsed

ROOT = Path(__file__).resolve().parents[1]

EVERY_MODULE_HAS_ONE = {"T", "R", "N", "LOG"}
"""Type variables and the logger: a module's own by convention."""

CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
ALIAS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")

VAGUE = {
    "LEAST",
    "MOST",
    "MANY",
    "FEW",
    "ALIKE",
    "FLAT",
    "STEP",
    "BATCH",
    "SIDE",
    "ALL",
    "SURE",
    "LEVEL",
    "NAME",
    "FILE",
}
"""Constants that do not say of what."""

UNUSED = {"belief", "upkeep", "survey", "turnstile", "shelf", "crew", "oneblas"}
"""Private words that the glossary replaces."""


def classes(tree: ast.Module) -> Iterator[str]:
    """Every class, nested ones too."""
    return (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def assigned(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives values to."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def words(tree: ast.Module) -> Iterator[str]:
    """The words of every identifier that a module defines: classes, functions, arguments, assigned names."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.append(node.name)
        if isinstance(node, ast.arg):
            names.append(node.arg)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        for name in names:
            yield from (word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name))


def places(names: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    """Names that stand in more than one place, with the places."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in names:
        found[name].append(str(path.relative_to(ROOT)))
    return {name: where for name, where in found.items() if len(where) > 1}


def trees() -> dict[Path, ast.Module]:
    """Every module of the packages."""
    return parsed(ROOT / "cbvir_core") | parsed(ROOT / "daemon")


def test_no_two_classes_of_one_name() -> None:
    assert places((name, path) for path, tree in trees().items() for name in classes(tree)) == {}


@pytest.mark.parametrize("kind", [CONSTANT, ALIAS])
def test_no_two_aliases_and_no_two_public_constants_of_one_name(kind: re.Pattern[str]) -> None:
    named = (
        (name, path)
        for path, tree in trees().items()
        for name in assigned(tree)
        if kind.fullmatch(name) and name not in EVERY_MODULE_HAS_ONE
    )
    assert places(named) == {}


def test_constants_say_of_what() -> None:
    vague = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in trees().items()
        for name in assigned(tree)
        if name.lstrip("_") in VAGUE
    ]
    assert vague == []


def test_private_words_name_nothing() -> None:
    found = sorted(
        f"{path.relative_to(ROOT)}: {word}"
        for path, tree in trees().items()
        for word in {*words(tree), *path.stem.split("_")} & UNUSED
    )
    assert found == []


def test_the_rules_see_what_they_should() -> None:
    tree = ast.parse("class A:\n    class B: pass\nSIZE: int = 1\nBox = tuple\ndef upkeep(crew): shelf = 1")
    assert list(classes(tree)) == ["A", "B"]
    assert list(assigned(tree)) == ["SIZE", "Box"]
    assert {"upkeep", "crew", "shelf"} <= set(words(tree))
    assert CONSTANT.fullmatch("SIZE")
    assert not CONSTANT.fullmatch("Box")
    assert ALIAS.fullmatch("Box")
