"""The packages of cbvird have an order, and each imports only those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import cbvird
from support.sources import parsed

FOLDER = Path(cbvird.__file__).parent

PACKAGE_ORDER = (
    "config",
    "sandbox",
    "worker",
    "runtime",
    "watch",
    "ingest",
    "care",
    "export",
    "http",
    "web",
    "app",
    "__main__",
)
"""A package, or a module beside the packages, may import those before it."""


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Every module of cbvird: its package, its name, and its source."""
    for path, tree in parsed(FOLDER).items():
        parts = path.relative_to(FOLDER).with_suffix("").parts
        yield parts[0], ".".join(parts), tree


def imported_packages(tree: ast.Module) -> Iterator[str]:
    """The packages of cbvird that a module imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "cbvird":
                yield rest.partition(".")[0]


def test_every_package_has_its_place_in_the_order() -> None:
    assert {package for package, _, _ in modules()} - {"__init__"} == set(PACKAGE_ORDER)


def test_a_package_imports_only_those_before_it() -> None:
    turned_round = [
        f"{name} imports {imported}"
        for package, name, tree in modules()
        for imported in imported_packages(tree)
        if package == "__init__" or PACKAGE_ORDER.index(imported) > PACKAGE_ORDER.index(package)
    ]
    assert turned_round == []


def test_the_rule_sees_imports_in_functions() -> None:
    tree = ast.parse("def late():\n    from cbvird.http.context import Context\n    import cbvird.app")
    assert list(imported_packages(tree)) == ["http", "app"]
