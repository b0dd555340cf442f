"""The commands as a user calls them: the table, the JSON, and the error messages."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvir_core.decode import read_frames
from cbvir_core.evaluate.__main__ import main
from cbvir_core.types import Image
from support.films import Film
from support.networks import painted

Save = Callable[[Path, Image], Path]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_keyframes_prints_table_ii_and_writes_it(
    films: list[Film], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shots = [f"{film.path.name},{shot.start_s},{shot.end_s}" for film in films for shot in film.shots]
    (tmp_path / "shots.csv").write_text("\n".join(["video,start_s,end_s", *shots]))
    out = tmp_path / "out.json"
    assert run("keyframes", films[0].path.parent, "--shots", tmp_path / "shots.csv", "--json", out) == 0
    printed = capsys.readouterr()
    assert "Table II" in printed.out
    assert all(heading in printed.out for heading in ("Efficiency ratio", "Accuracy", "Redundancy"))
    document = json.loads(out.read_text())
    assert document["table"] == "II"
    assert [row["method"] for row in document["rows"]] == ["online", "batch"]
    assert all(0.5 < row["accuracy"] <= 1 and row["shots"] == 10 for row in document["rows"])
    assert f"{document['rows'][0]['accuracy']:.3f}" in printed.out
    assert films[0].path.name in printed.err


def test_retrieval_prints_table_iii(
    films: list[Film],
    weights: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    save: Save,
) -> None:
    shot = films[0].shots[0]
    with read_frames(films[0].path, samples_per_s=1.0) as frames:
        save(tmp_path / "q.png", next(frame.image for frame in frames if frame.time_s > 0.5))
    table = tmp_path / "queries.csv"
    table.write_text(f"query,video,start_s,end_s\nq.png,{films[0].path.name},{shot.start_s},{shot.end_s}\n")
    asked = ("--queries", table, "--filter", weights[0], "--refine", weights[1], "--runtime", "torch")
    assert run("retrieval", films[0].path.parent, *asked, "--json", tmp_path / "out.json") == 0
    printed = capsys.readouterr().out
    assert "Table III" in printed
    assert all(text in printed for text in ("mAP(%)", "MoReSo", "SOLAR", "MobileNetV2", "random, seed 0"))
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert len(rows) == 3
    assert all(len(row["average_precisions"]) == 1 for row in rows)


def test_landmarks_and_shortlist_print_table_iv(
    weights: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], save: Save
) -> None:
    for number, image in enumerate(painted(3, 5)):
        save(tmp_path / "jpg" / f"p{number}.jpg", image)
    gnd = [{"easy": [0], "hard": [], "junk": [1]}]
    data = {"imlist": [f"p{number}" for number in range(5)], "qimlist": ["p0"], "gnd": gnd}
    (tmp_path / "gnd.pkl").write_bytes(pickle.dumps(data))
    networks = ("--filter", weights[0], "--runtime", "torch")
    assert run("landmarks", tmp_path / "gnd.pkl", *networks, "--json", tmp_path / "out.json") == 0
    printed = capsys.readouterr().out
    assert "Table IV" in printed
    assert "no SOLAR weights" in printed
    easy, medium, hard = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert (easy["mean_ap"], medium["mean_ap"], hard["mean_ap"]) == (1.0, 1.0, None)
    assert run("shortlist", tmp_path / "jpg", *networks, "--refine", weights[1], "--shares", "0.4") == 0
    printed = capsys.readouterr().out
    assert "FE efficiency" in printed
    assert "40.0" in printed


def test_errors_are_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], films: list[Film]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("video,start_s\n")
    folder = films[0].path.parent
    failures: tuple[tuple[tuple[object, ...], str], ...] = (
        (("keyframes", tmp_path / "gone"), "is not a folder"),
        (("keyframes", folder, "--shots", bad), "line 1"),
        (("landmarks", bad), "not a ground truth"),
        (("retrieval", folder, "--queries", bad), "line 1: the columns"),
        (("retrieval", folder, "--queries", bad, "--profile", "moreso"), "wants a folder for models"),
        (("keyframes", folder, "--form", "online", "--json", tmp_path / "gone" / "x"), "cannot be written"),
    )
    for arguments, message in failures:
        assert run(*arguments) == 1
        assert message in capsys.readouterr().err
    misuses: tuple[tuple[object, ...], ...] = (
        (),
        ("shortlist", folder, "--shares", "0"),
        ("landmarks", bad, "--share", "2"),
    )
    for arguments in misuses:
        with pytest.raises(SystemExit, match="2"):
            run(*arguments)
