"""Services, small drawn films, and networks with seeded weights."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.embed import import_files
from support.conversions import bring_builtin, bring_conversion
from support.films import Film, draw_film, loop_film
from support.networks import seeded_filter, seeded_solar
from support.services import Service


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Three small films of eight shots."""
    folder = tmp_path_factory.mktemp("films")
    return [draw_film(folder / f"film-{seed}.mp4", seed=seed, shots=8, size=(320, 180)) for seed in (1, 2, 3)]


@pytest.fixture(scope="session")
def long_film(films: list[Film], tmp_path_factory: pytest.TempPathFactory) -> Film:
    """The first film over and over, for four minutes: it takes a worker a while."""
    return loop_film(films[0], tmp_path_factory.mktemp("long") / "long.mp4", 240.0)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one profile, ``seeded``, that has a filter alone.

    Its network and the built-in ones are converted already: a service would spend ten seconds on that.
    """
    data = tmp_path_factory.mktemp("prepared")
    bring_builtin(data / "cache")
    import_files("seeded", [seeded_filter(data / "net.safetensors")], data / "models")
    (data / "net.safetensors").unlink()
    bring_conversion(data / "cache", data / "models/seeded/filter.safetensors")
    return data


@pytest.fixture(scope="session")
def refined(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with SOLAR beside the filter."""
    data = tmp_path_factory.mktemp("refined") / "data"
    shutil.copytree(prepared, data)
    import_files("seeded", [seeded_solar(data / "net.safetensors")], data / "models")
    (data / "net.safetensors").unlink()
    bring_conversion(data / "cache", data / "models/seeded/refine.safetensors")
    return data


@pytest.fixture(scope="module")
def make_service(prepared: Path) -> Iterator[Callable[..., Service]]:
    """Starts services; each is ended with the module at the latest."""
    made: list[Service] = []

    def make(data: Path | None = None, **options: Any) -> Service:
        made.append(Service(data or prepared, **options))
        made[-1].start()
        return made[-1]

    yield make
    for service in made:
        service.close()
