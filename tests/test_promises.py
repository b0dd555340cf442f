"""Every promise of docs/promises.md names a test, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions(path: str) -> frozenset[str]:
    """The functions at the top of a file of tests."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_named_test_is_there() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 20
    gone = [f"{path}::{name}" for path, name in named if name not in functions(path)]
    assert gone == []


def test_every_promise_names_a_test() -> None:
    promises = re.findall(r"^- .*?(?=^- |^\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert len(promises) > 20
    assert [promise for promise in promises if not NAMED.search(promise)] == []


def test_nothing_is_claimed_of_power_cuts_that_no_test_holds() -> None:
    for text in ((ROOT / "README.md").read_text("utf-8"), TEXT):
        sentences = [
            one for one in re.split(r"\.\s", text) if re.search(r"power cut|cuts\s+the\s+power", one)
        ]
        assert len(sentences) == 1
        assert re.search(r"no test (here )?cuts\s+the\s+power", sentences[0])
