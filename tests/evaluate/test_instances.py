"""Instance sets besides Oxford and Paris, made small here."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate import average_precision, read_ground_truth
from cbvir_core.evaluate.__main__ import main
from cbvir_core.evaluate.instances import read_folders, read_gldv2, read_instances
from cbvir_core.evaluate.precision import RankingOutcome, mean_rectangular_precision, rectangular_precision
from cbvir_core.types import Image
from support.networks import painted

Save = Callable[[Path, Image], Path]


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    """Two places, each painted twice: the second time darker."""
    return [np.asarray(image * factor, np.uint8) for image in painted(6, 2) for factor in (1.0, 0.8)]


def test_a_folder_for_each_instance(pictures: list[Image], tmp_path: Path, save: Save) -> None:
    for number, image in enumerate(pictures):
        save(tmp_path / "ab"[number // 2] / f"{number}.png", image)
    save(tmp_path / "alone" / "x.png", pictures[0] // 2)
    (tmp_path / "notes.txt").write_text("no picture")
    truth = read_folders(tmp_path)
    assert truth.pictures == ("a/0.png", "a/1.png", "alone/x.png", "b/2.png", "b/3.png")
    assert [question.picture for question in truth.questions] == ["a/0.png", "a/1.png", "b/2.png", "b/3.png"]
    assert truth.questions[0].outcome([0, 1, 3], "original") == RankingOutcome((0,), 1)  # not itself
    assert read_instances(tmp_path) == (truth, tmp_path)
    with pytest.raises(InputError, match="two pictures of one thing"):
        read_folders(tmp_path / "alone")


def test_google_landmarks(pictures: list[Image], tmp_path: Path, save: Save) -> None:
    for name, image in zip(("abc1", "abd2", "xyz3", "q1"), pictures, strict=True):
        part = "test" if name == "q1" else "index"
        save(tmp_path / part / name[0] / name[1] / f"{name}.jpg", image)
    solution = tmp_path / "retrieval_solution_v2.1.csv"
    solution.write_text("id,images,Usage\nq1,abd2 gone9,Public\nq2,abc1,Private\nq1,None,Ignored\n")
    truth, folder = read_instances(solution)
    assert (folder, len(truth.pictures), len(truth.questions)) == (tmp_path, 3, 1)
    (question,) = truth.questions
    assert [truth.pictures[at] for at in question.lists["ok"]] == ["index/a/b/abd2.jpg"]
    solution.write_text("id,Usage\nq1,Public\n")
    with pytest.raises(InputError, match="columns"):
        read_gldv2(solution, tmp_path)
    with pytest.raises(FileUnreadable):
        read_gldv2(tmp_path / "gone.csv", tmp_path)


def test_instre_has_no_junk(tmp_path: Path) -> None:
    gnd = [{"ok": [1], "bbx": [0.0, 0.0, 5.0, 5.0]}]
    content = {"imlist": ["a.jpg", "b.jpg"], "qimlist": ["q.jpg"], "gnd": gnd}
    (tmp_path / "gnd_instre.pkl").write_bytes(pickle.dumps(content))
    truth = read_ground_truth(tmp_path / "gnd_instre.pkl")
    assert truth.setups == ("original",)
    assert truth.questions[0].outcome([0, 1], "original") == RankingOutcome((1,), 1)


def test_rectangles_and_trapezoids_by_hand() -> None:
    """Positives at ranks 1 and 3 of three: precisions 1 and 2/3."""
    assert rectangular_precision((0, 2), 3) == pytest.approx((1 + 2 / 3) / 3)
    assert average_precision((0, 2), 3) == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 3)
    assert rectangular_precision((0, 12), 2, top=10) == pytest.approx(0.5)
    assert mean_rectangular_precision([RankingOutcome((), 0)]) is None
    with pytest.raises(ValueError, match="at least one"):
        rectangular_precision((), 0)


def test_the_table_names_both_precisions_and_the_protocol(
    weights: tuple[Path, Path],
    pictures: list[Image],
    tmp_path: Path,
    save: Save,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    for number, image in enumerate(pictures):
        save(tmp_path / "set" / "ab"[number // 2] / f"{number}.png", image)
    line: list[object] = ["landmarks", tmp_path / "set", "--filter", weights[0], "--refine", weights[1]]
    line += ["--gem", weights[1], "--runtime", "torch", "--protocol", "released", "--long-side", "96"]
    assert main([str(one) for one in (*line, "--scales", "1,0.7", "--json", tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    for text in ("rect.(%)", "micro(%)", "ResNet101 + GeM", "at most 96 px, never enlarged, scales 1, 0.7"):
        assert text in printed
    assert "ResNet101 is not in the table: bring torchvision's resnet101-63fe2227.pth" in printed
    rows = {row["model"]: row for row in json.loads((tmp_path / "out.json").read_text())["rows"]}
    solar, gem = rows["SOLAR"], rows["ResNet101 + GeM"]  # the same weights under two names
    for figure in ("mean_ap", "rectangular_ap", "published_ap", "micro_ap"):
        assert solar[figure] == pytest.approx(gem[figure])
        assert 0 < solar[figure] <= 1
    assert solar["rectangular_ap"] >= solar["mean_ap"] - 1e-9
