"""The form of ``bench.recorded``: the same questions every time, records that last, differences found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.recorded.answers import Record, answer_all, differences
from bench.recorded.program import main
from bench.recorded.questions import ORDER, questions
from cbvir_core.library import Library
from support.films import Film, draw_film
from support.libraries import with_networks

COUNT = len(ORDER) + 2


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    folder = tmp_path_factory.mktemp("films")
    return [
        draw_film(folder / f"film-{seed}.mp4", seed=seed, shots=2, size=(160, 90), rate=12) for seed in (1, 2)
    ]


@pytest.fixture(scope="module")
def clips(films: list[Film]) -> list[Path]:
    """The films and a file that cannot be read, which no question is made from."""
    broken = films[0].path.with_name("broken.mp4")
    broken.write_bytes(b"no film")
    return [broken, *(film.path for film in films)]


@pytest.fixture(scope="module")
def record(
    films: list[Film],
    clips: list[Path],
    weights: Path,
    converted: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Record:
    data = with_networks(tmp_path_factory.mktemp("data"), converted)
    with Library.open(data, profile="first", models_dir=weights) as library:
        for film in films:
            library.add(film.path)
        return answer_all(library, questions(clips, COUNT, seed=3))


def changed(record: Record, tmp_path: Path) -> Record:
    """A copy whose values may be changed."""
    record.write(tmp_path / "copy.json")
    return Record.read(tmp_path / "copy.json")


def test_the_same_seed_asks_the_same_questions(clips: list[Path]) -> None:
    first, again, other = (list(questions(clips, COUNT, seed)) for seed in (3, 3, 4))
    assert len(first) == COUNT
    assert len({question.name for question in first}) == COUNT
    for one, same in zip(first, again, strict=True):
        assert (one.name, one.options) == (same.name, same.options)
        np.testing.assert_array_equal(one.picture, same.picture)
    assert any(
        one.picture.shape != another.picture.shape or (one.picture != another.picture).any()
        for one, another in zip(first, other, strict=True)
    )


def test_a_record_survives_writing_and_reading(record: Record, tmp_path: Path) -> None:
    assert len(record.answers) == COUNT
    assert any(answer["results"] for answer in record.answers.values())
    record.write(tmp_path / "record.json")
    assert Record.read(tmp_path / "record.json") == record


def test_equal_records_have_no_difference(record: Record, tmp_path: Path) -> None:
    assert differences(record, changed(record, tmp_path)) == []


def test_a_changed_value_is_found_with_its_place(record: Record, tmp_path: Path) -> None:
    other = changed(record, tmp_path)
    name = next(name for name, answer in record.answers.items() if answer["results"])
    other.answers[name]["results"][0]["time_s"] = 99.5
    (line,) = differences(record, other)
    assert line.startswith(f"{name}: results[0]: time_s: ")
    assert line.endswith("-> 99.5")


def test_missing_answers_and_results_are_found(record: Record, tmp_path: Path) -> None:
    other = changed(record, tmp_path)
    first, *_ = record.answers
    del other.answers[first]
    assert differences(record, other) == [f"{first}: only before"]
    assert differences(other, record) == [f"{first}: only after"]
    shorter = changed(record, tmp_path)
    name = next(name for name, answer in record.answers.items() if answer["results"])
    shorter.answers[name]["results"].pop()
    assert len(differences(record, shorter)) == 1


def test_the_program_says_whether_records_differ(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, same, after = (tmp_path / name for name in ("before.json", "same.json", "after.json"))
    for path in (before, same):
        record.write(path)
    other = changed(record, tmp_path)
    other.answers[next(iter(other.answers))]["verdict"] = "else"
    other.write(after)
    assert main(["compare", str(before), str(same)]) == 0
    assert main(["compare", str(before), str(after)]) == 1
    assert "0 differences" in capsys.readouterr().out
