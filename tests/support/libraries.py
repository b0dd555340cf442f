"""Fixtures of the tests about libraries: drawn films, small seeded networks, libraries over them.

No other module outside of its package reaches the inside of a `Library`.  Here `store_of` and
`active_generation` do, for tests and benchmarks that check or prepare what no method of `Library` shows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import pytest

from cbvir_core.library import Library
from cbvir_core.library.active import ActiveGeneration
from cbvir_core.search import SearchOptions
from cbvir_core.store import Store
from support.conversions import bring_builtin, bring_conversion
from support.films import Film, draw_film
from support.networks import seeded_filter, seeded_solar

LibraryOpener = Callable[..., Library]


def store_of(library: Library) -> Store:
    """Return the store inside a library."""
    return library._store


def active_generation(library: Library) -> ActiveGeneration:
    """Return the generation that answers now, with its networks, index and searcher."""
    return library._generations.current


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Three short films of four shots each."""
    folder = tmp_path_factory.mktemp("films")
    return [
        draw_film(folder / f"film-{seed}.mp4", seed=seed, shots=4, size=(320, 180), rate=12)
        for seed in (11, 12, 13)
    ]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Profiles ``first`` and ``second``: other filters; ``refined``: first's filter with SOLAR."""
    folder = tmp_path_factory.mktemp("models")
    for name, seed in (("first", 0), ("second", 1)):
        (folder / name).mkdir()
        seeded_filter(folder / name / "filter.safetensors", seed)
    (folder / "refined").mkdir()
    copyfile(folder / "first" / "filter.safetensors", folder / "refined" / "filter.safetensors")
    seeded_solar(folder / "refined" / "refine.safetensors")
    return folder


@pytest.fixture(scope="session")
def converted(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The converted networks of these profiles and the built-in one."""
    cache = bring_builtin(tmp_path_factory.mktemp("cache"))
    for name in ("first", "second"):
        bring_conversion(cache, weights / name / "filter.safetensors")
    bring_conversion(cache, weights / "refined" / "refine.safetensors")
    return cache


def with_networks(data: Path, converted: Path) -> Path:
    """Return a library's folder whose converted networks are those of all tests."""
    (data / "cache").symlink_to(converted)
    return data


@pytest.fixture
def open_library(tmp_path: Path, weights: Path, converted: Path) -> LibraryOpener:
    """Return a function that opens the library in `tmp_path` with one of the profiles."""
    (tmp_path / "data").mkdir()
    return _opener(with_networks(tmp_path / "data", converted), weights)


@pytest.fixture(scope="session")
def filled(
    films: list[Film], weights: Path, converted: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a library of ``first`` with two films and their frame rows, to be copied."""
    data = with_networks(tmp_path_factory.mktemp("filled"), converted)
    with _opener(data, weights)() as library:
        for film in films[:2]:
            library.add(film.path)
    return data


@pytest.fixture
def open_filled(tmp_path: Path, weights: Path, filled: Path) -> LibraryOpener:
    """Return a function that opens a copy of that library in `tmp_path`."""
    copytree(filled, tmp_path / "data", symlinks=True)
    return _opener(tmp_path / "data", weights)


def _opener(data: Path, weights: Path) -> LibraryOpener:
    # Without the exact moment, which takes as much time as it may.
    usual: dict[str, Any] = {"models_dir": weights, "search": SearchOptions(exact_time_s=0)}

    def opener(profile: str = "first", **options: Any) -> Library:
        return Library.open(data, profile=profile, **{**usual, **options})

    return opener
