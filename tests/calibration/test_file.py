"""A calibration of one's own: made from the library, kept with its weights, used after the next start."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from cbvir_core.calibration import CalibrationFile
from cbvir_core.errors import DiskFull, InputError
from cbvir_core.search import ConfidenceModel, shipped_model
from cbvir_core.store import Generation
from support.films import Film
from support.libraries import LibraryOpener, active_generation

MINE = ConfidenceModel(*2 * ((0.5,) * 9, (0.5,) * 7, (0.5,) * 3))
WEIGHTS = Generation(1, "filter", None)


def test_it_holds_for_the_weights_that_it_was_made_with(tmp_path: Path) -> None:
    file = CalibrationFile(tmp_path / "calibration.json")
    assert file.of(WEIGHTS) is None
    file.write(WEIGHTS, MINE, {"questions": 5})
    assert file.of(WEIGHTS) == MINE
    assert file.of(Generation(7, "filter", None)) == MINE
    assert file.of(Generation(1, "another", None)) is None
    assert file.of(Generation(1, "filter", "solar")) is None


@pytest.mark.parametrize("text", ["", "[]", '{"weights_of": ["filter", null]}', "\x00"])
def test_one_that_cannot_be_read_is_done_without(tmp_path: Path, text: str) -> None:
    file = CalibrationFile(tmp_path / "calibration.json")
    file.path.write_text(text)
    assert file.of(WEIGHTS) is None


def test_a_disk_without_room_leaves_the_former(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CalibrationFile(tmp_path / "calibration.json")
    file.write(WEIGHTS, MINE, {})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="calibration"):
            file.write(WEIGHTS, shipped_model(), {})
    assert file.of(WEIGHTS) == MINE
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]


def test_a_calibration_under_its_former_name_is_used_until_there_is_another(tmp_path: Path) -> None:
    """As a version before 0.1.0 wrote it."""
    former = tmp_path / "belief.json"
    weights = {
        f"{network}_{evidence}": [0.5] * count
        for network in ("refined", "filter")
        for evidence, count in (("surveyed", 9), ("checked", 7), ("unchecked", 3))
    }
    former.write_text(json.dumps({"weights": weights, "weights_of": ["filter", None], "questions": 600}))
    file = CalibrationFile.in_folder(tmp_path)
    assert file.of(WEIGHTS) == MINE
    assert file.of(Generation(1, "another", None)) is None
    file.write(WEIGHTS, shipped_model(), {})
    assert file.of(WEIGHTS) == shipped_model()
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]


def test_what_is_written_has_the_keys_of_the_former_version(tmp_path: Path) -> None:
    file = CalibrationFile.in_folder(tmp_path)
    file.write(WEIGHTS, MINE, {"questions": 5})
    written = json.loads(file.path.read_text("utf-8"))
    assert written.keys() == {"weights", "weights_of", "questions"}
    assert set(written["weights"]) == {
        f"{network}_{evidence}"
        for network in ("refined", "filter")
        for evidence in ("surveyed", "checked", "unchecked")
    }


def test_a_library_is_calibrated_on_itself(films: list[Film], open_library: LibraryOpener) -> None:
    told: list[tuple[int, int]] = []
    with open_library() as library:
        with pytest.raises(InputError, match="nothing to calibrate"):
            library.calibrate(100)
        for film in films:
            library.add(film.path)
        outcome = library.calibrate(60, seed=1, progress=lambda done, total: told.append((done, total)))
        model = active_generation(library).searcher.confidence
    assert told == [(number, 60) for number in range(1, 61)]
    assert outcome.questions == 60
    assert outcome.answers > 120
    assert outcome.error < 0.1
    assert outcome.false_sure <= 0.05
    assert model != shipped_model()
    assert (
        model.refined_checked == shipped_model().refined_checked
    )  # nothing was learnt of a SOLAR that is not there
    with open_library() as library:
        assert active_generation(library).searcher.confidence == model
