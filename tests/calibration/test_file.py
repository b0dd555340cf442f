"""A calibration of one's own: made from the library, kept with its weights, used after the next start."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvir_core.calibration.file import CalibrationFile
from cbvir_core.errors import DiskFull, InputError
from cbvir_core.library import Library
from cbvir_core.search.confidence import ConfidenceModel, shipped
from cbvir_core.store import Generation
from support.films import Film

Opener = Callable[..., Library]
MINE = ConfidenceModel(*2 * ((0.5,) * 9, (0.5,) * 7, (0.5,) * 3))
WEIGHTS = Generation(1, "filter", None)


def test_it_holds_for_the_weights_that_it_was_made_with(tmp_path: Path) -> None:
    file = CalibrationFile(tmp_path / "confidence.json")
    assert file.of(WEIGHTS) is None
    file.write(WEIGHTS, MINE, {"questions": 5})
    assert file.of(WEIGHTS) == MINE
    assert file.of(Generation(7, "filter", None)) == MINE
    assert file.of(Generation(1, "another", None)) is None
    assert file.of(Generation(1, "filter", "solar")) is None


@pytest.mark.parametrize("text", ["", "[]", '{"weights_of": ["filter", null]}', "\x00"])
def test_one_that_cannot_be_read_is_done_without(tmp_path: Path, text: str) -> None:
    file = CalibrationFile(tmp_path / "confidence.json")
    file.path.write_text(text)
    assert file.of(WEIGHTS) is None


def test_a_disk_without_room_leaves_the_former(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CalibrationFile(tmp_path / "confidence.json")
    file.write(WEIGHTS, MINE, {})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="confidence"):
            file.write(WEIGHTS, shipped(), {})
    assert file.of(WEIGHTS) == MINE
    assert [path.name for path in tmp_path.iterdir()] == ["confidence.json"]


def test_a_library_is_calibrated_on_itself(films: list[Film], open_library: Opener) -> None:
    told: list[tuple[int, int]] = []
    with open_library() as library:
        with pytest.raises(InputError, match="nothing to calibrate"):
            library.calibrate(100)
        for film in films:
            library.add(film.path)
        outcome = library.calibrate(60, seed=1, progress=lambda done, total: told.append((done, total)))
        model = library._generations.current.searcher.confidence
    assert told == [(number, 60) for number in range(1, 61)]
    assert outcome.questions == 60
    assert outcome.answers > 120
    assert outcome.error < 0.1
    assert outcome.false_sure <= 0.05
    assert model != shipped()
    assert (
        model.refined_checked == shipped().refined_checked
    )  # nothing was learnt of a SOLAR that is not there
    with open_library() as library:
        assert library._generations.current.searcher.confidence == model
