"""Two drawn films, small seeded networks, and a clock that ticks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

import cv2
import pytest

from cbvir_core.embed import RuntimeOptions
from cbvir_core.evaluate import EvaluatedEncoders, open_encoders
from cbvir_core.evaluate.networks import choose_profile
from cbvir_core.types import Image
from support.conversions import encoder_cache
from support.films import Film, draw_film
from support.networks import seeded_filter, seeded_solar

WriteTable = Callable[[str, Iterable[Iterable[object]]], Path]


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Two films of five shots, alone in their folder."""
    folder = tmp_path_factory.mktemp("films")
    return [
        draw_film(folder / f"film-{seed}.mp4", seed=seed, shots=5, size=(256, 144), rate=12)
        for seed in (31, 32)
    ]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Weight files of a filter and of a SOLAR."""
    folder = tmp_path_factory.mktemp("weights")
    return seeded_filter(folder / "small-filter.safetensors"), seeded_solar(
        folder / "small-solar.safetensors"
    )


@pytest.fixture(scope="session")
def runtime() -> RuntimeOptions:
    """OpenVINO, with networks that are converted already."""
    return RuntimeOptions(runtime="openvino", cache=encoder_cache())


@pytest.fixture(scope="session")
def both(weights: tuple[Path, Path], runtime: RuntimeOptions) -> EvaluatedEncoders:
    """The filter and the refinement."""
    return open_encoders(choose_profile("auto", None, *weights), runtime)


@pytest.fixture(scope="session")
def alone(weights: tuple[Path, Path], runtime: RuntimeOptions) -> EvaluatedEncoders:
    """The filter without a refinement."""
    return open_encoders(
        choose_profile("auto", None, weights[0], None),
        runtime,
    )


@pytest.fixture
def clock() -> Callable[[], float]:
    """Return a clock that advances by one second with each call."""
    ticks = count()
    return lambda: float(next(ticks))


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    """Return a function that writes a CSV; its columns are given as one text."""

    def write(columns: str, rows: Iterable[Iterable[object]]) -> Path:
        path = tmp_path / "table.csv"
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([columns.split(","), *rows])
        return path

    return write


@pytest.fixture(scope="session")
def save() -> Callable[[Path, Image], Path]:
    """Return a function that writes a picture and returns its path."""

    def write(path: Path, image: Image) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), image[:, :, ::-1])
        return path

    return write
