"""A calibration of one's own: made from the library, kept with its weights, used after the next start."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.calibration import CalibrationFile, CalibrationQuestions, LabelledEvidence
from cbvir_core.errors import CalibrationBusy, DiskFull, InputError
from cbvir_core.library import Library
from cbvir_core.search import ConfidenceModel, MatchEvidence, shipped_model
from cbvir_core.store import Generation
from support.confidence import model_of, weights
from support.films import Film
from support.libraries import LibraryOpener, active_generation

MINE = model_of(*(weights(kind, 0.5) for kind in ("surveyed", "checked", "unchecked")))
TRUTH = model_of(*(weights(kind, -6.0, score=12.0) for kind in ("surveyed", "checked", "unchecked")))
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


@pytest.mark.parametrize("name", ["calibration.json", "belief.json"])
def test_one_that_weighs_other_figures_is_ignored(tmp_path: Path, name: str) -> None:
    """As versions wrote it that knew nothing of frames: 9, 7 and 3 weights."""
    weights = {
        f"{network}_{evidence}": [0.5] * count
        for network in ("refined", "filter")
        for evidence, count in (("surveyed", 9), ("checked", 7), ("unchecked", 3))
    }
    (tmp_path / name).write_text(json.dumps({"weights": weights, "weights_of": ["filter", None]}))
    file = CalibrationFile.in_folder(tmp_path)
    assert file.of(WEIGHTS) is None
    assert file.calibrations(WEIGHTS) == 0
    file.write(WEIGHTS, MINE, {})
    assert file.of(WEIGHTS) == MINE


def test_it_counts_the_calibrations_that_led_to_it(tmp_path: Path) -> None:
    file = CalibrationFile.in_folder(tmp_path)
    assert file.calibrations(WEIGHTS) == 0
    file.write(WEIGHTS, MINE, {"calibrations": 3})
    assert file.calibrations(WEIGHTS) == 3
    assert file.calibrations(Generation(1, "another", None)) == 0
    file.write(WEIGHTS, MINE, {})
    assert file.calibrations(WEIGHTS) == 1, "a version before counted none"


def test_deleting_it_leaves_none_of_either_name(tmp_path: Path) -> None:
    file = CalibrationFile.in_folder(tmp_path)
    assert not file.delete()
    file.write(WEIGHTS, MINE, {})
    (tmp_path / "belief.json").write_bytes(file.path.read_bytes())
    assert file.delete()
    assert list(tmp_path.iterdir()) == []
    assert file.of(WEIGHTS) is None


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


def scripted_answer(asker: CalibrationQuestions, row: int, number: int) -> list[LabelledEvidence]:
    """An answer of a random score that is right as often as `TRUTH` says; another seed gives another one."""
    rng = np.random.default_rng([asker._seed, number])
    evidence = MatchEvidence(float(rng.uniform()), 0.0, refined=False, checked=True)
    return [LabelledEvidence(number, evidence, bool(rng.uniform() < TRUTH.probability(evidence)))]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CalibrationQuestions, "about", scripted_answer)


def own_model(library: Library) -> ConfidenceModel:
    return active_generation(library).searcher.confidence


@pytest.mark.usefixtures("scripted")
def test_the_better_model_is_kept_with_the_library(films: list[Film], open_library: LibraryOpener) -> None:
    told: list[tuple[int, int]] = []
    with open_library(frames=False) as library:
        with pytest.raises(InputError, match="nothing to calibrate"):
            library.calibrate(600)
        library.add(films[0].path)
        result = library.calibrate(600, seed=1, progress=lambda done, total: told.append((done, total)))
        model = own_model(library)
    assert told == [(number, 600) for number in range(1, 601)]
    assert (result.questions, result.answers, result.applied) == (600, 600, True)
    assert result.error < result.error_before
    assert model.filter_checked == pytest.approx(TRUTH.filter_checked, abs=3.0)
    # Nothing was learnt of a SOLAR that is not there.
    assert model.refined_checked == shipped_model().refined_checked
    with open_library(frames=False) as library:
        assert own_model(library) == model


@pytest.mark.usefixtures("scripted")
def test_a_second_calibration_asks_other_questions_and_changes_nothing(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    """The model before was fitted to the questions of the first; it is as good as the new one."""
    with open_library(frames=False) as library:
        library.add(films[0].path)
        first = library.calibrate(600)
        model, kept = own_model(library), (tmp_path / "data" / "calibration.json").read_bytes()
        second = library.calibrate(600)
        assert own_model(library) == model
    assert (first.applied, second.applied) == (True, False)
    assert second.error != first.error
    assert (tmp_path / "data" / "calibration.json").read_bytes() == kept


@pytest.mark.usefixtures("scripted")
def test_a_reset_goes_back_to_the_shipped_model(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    with open_library(frames=False) as library:
        library.add(films[0].path)
        assert library.calibrate(600).applied
        assert library.reset_calibration()
        assert own_model(library) == shipped_model()
        assert not library.reset_calibration()
        assert library.calibrate(600).applied, "the first questions again"
        library.reset_calibration()
    assert not (tmp_path / "data" / "calibration.json").exists()
    with open_library(frames=False) as library:
        assert own_model(library) == shipped_model()


@pytest.mark.usefixtures("scripted")
def test_one_calibration_at_a_time(films: list[Film], open_library: LibraryOpener) -> None:
    refused: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        for another in (lambda: library.calibrate(100), library.reset_calibration):
            with pytest.raises(CalibrationBusy) as busy:
                another()
            refused.append(busy.value.code)
        raise InterruptedError

    with open_library(frames=False) as library:
        library.add(films[0].path)
        with pytest.raises(InterruptedError):
            library.calibrate(100, progress=meanwhile)
        assert refused == ["calibrating"] * 2
        assert not library.reset_calibration(), "the next one begins"
