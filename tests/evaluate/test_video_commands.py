"""The commands about videos as queries: the table, the JSON, and the error messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cbvir_core.evaluate.__main__ import main


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_fivr_prints_three_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotation = write(tmp_path / "annotation.json", {"q": {"ND": ["a"], "CS": ["b"]}, "r": {"DS": ["a"]}})
    scores = write(tmp_path / "scores.json", {"q": {"a": 0.1, "b": 0.9, "c": 0.5}})
    out = tmp_path / "out.json"
    assert run("fivr", annotation, scores, "--json", out) == 0
    printed = capsys.readouterr().out
    assert "FIVR-200K: scores.json" in printed
    assert "Table" not in printed
    assert all(text in printed for text in ("DSVR", "33.33", "CSVR", "83.33", "micro-AP", "1 queries of the"))
    rows = json.loads(out.read_text())["rows"]
    assert [row["task"] for row in rows] == ["DSVR", "CSVR", "ISVR"]
    assert rows[0]["average_precisions"] == {"q": pytest.approx(1 / 3)}
    assert run("fivr", annotation, scores, "--videos", write(tmp_path / "ids.txt", "a\nc\n")) == 0
    assert "50.00" in capsys.readouterr().out


def test_vcsl_prints_both_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = write(tmp_path / "labels.json", {"q-r": [[0, 0, 10, 10]], "q-s": [[0, 0, 10, 10]]})
    segments = write(tmp_path / "found.json", {"q-r": [[0, 0, 5, 10]]})
    assert run("vcsl", labels, segments) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("VCSL: found.json", "query sets", "all pairs", "25.00", "100.00"))
    pairs = write(tmp_path / "pairs.csv", "query_id,reference_id\nq,r\nq,t\n")
    sets = write(tmp_path / "sets.json", {"test": {"q": ["q-r", "q-t"]}})
    out = tmp_path / "out.json"
    assert run("vcsl", labels, segments, "--pairs", pairs, "--query-sets", sets, "--json", out) == 0
    over_sets, over_pairs = json.loads(out.read_text())["rows"]
    assert (over_sets["pairs"], over_pairs["pairs"]) == (1, 2)
    assert (over_sets["recall"], over_pairs["false_acceptance"]) == (pytest.approx(0.5), 0.0)


def test_vcdb_prints_precision_and_recall(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "annotation").mkdir()
    write(tmp_path / "annotation" / "one.txt", "a.flv,b.flv,00:00:00,00:00:10,00:00:05,00:00:15\n")
    found = write(tmp_path / "found.txt", "b.flv,a.flv,14.5,20,9,12\na.flv,c.flv,0,1,0,1\n")
    assert run("vcdb", tmp_path / "annotation", found) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("VCDB: found.txt", "50.00", "100.00", "66.67"))


def test_errors_are_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = write(tmp_path / "empty.json", {})
    for arguments, message in (
        (("fivr", empty, empty), "not a dict of queries"),
        (("fivr", tmp_path / "gone.pickle", empty), "cannot be read"),
        (("vcsl", empty, empty), "none of the pairs"),
        (("vcdb", empty, empty), "line 1: 1 values"),
    ):
        assert run(*arguments) == 1
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run("fivr", empty, empty, "--version", "1k")
