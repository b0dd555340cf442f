"""Every program of `bench` that a text names exists, can be imported, and names itself rightly."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS
from bench.shared_data import SHARED

TESTS = Path(__file__).resolve().parents[1]
PROGRAMS = sorted(path.stem for path in (TESTS / "bench" / "measure").glob("[!_]*.py"))
QUOTE = re.compile(r"python\s+-m\s+(bench(?:\.\w+)*)(?: (\w+))?")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_measuring_program_can_be_imported_and_says_how_it_is_run(name: str) -> None:
    program = importlib.import_module(f"bench.measure.{name}")
    assert callable(program.main)
    assert f"python -m bench.measure.{name}" in Path(str(program.__file__)).read_text()


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_can_be_imported(name: str) -> None:
    assert callable(importlib.import_module(f"bench.{name}").main)


def test_every_program_that_is_quoted_exists() -> None:
    sources = [
        path
        for pattern in ("cbvir_core/**/*.py", "cbvir_core/**/*.md", "docs/*.md", "*.md", "Makefile")
        for path in TESTS.parent.glob(pattern)
    ]
    quotes = {(path, *match) for path in sources for match in QUOTE.findall(path.read_text("utf-8"))}
    assert quotes
    for path, module, argument in quotes:
        place = TESTS / module.replace(".", "/")
        assert place.is_dir() or place.with_suffix(".py").is_file(), f"{path} names {module}"
        if module == "bench" and argument:
            assert argument in BENCHMARKS, f"{path} names the benchmark {argument}"


def test_the_shared_data_lie_beside_the_checkout() -> None:
    assert TESTS.parents[1] / "shared" == SHARED
