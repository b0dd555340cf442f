"""The modules of the packages as syntax trees, for tests of structure.

A module is parsed by the first test that asks, not where tests are collected: every process of a run
collects all of them.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


def parsed(folder: Path) -> dict[Path, ast.Module]:
    """Return every module under a folder, in the order of their paths."""
    return {path: _tree(path) for path in sorted(folder.rglob("*.py"))}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))
