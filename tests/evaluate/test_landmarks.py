"""Table IV on a small benchmark: painted places, each shown in several ways."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.errors import InputError, NotAPicture
from cbvir_core.evaluate import EvaluatedEncoders, evaluate_landmarks, evaluate_shortlist, read_ground_truth
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.evaluate.landmarks import cut, find_picture
from cbvir_core.types import Image
from support.networks import painted

Save = Callable[[Path, Image], Path]
PLACES = 12
FRAME = 40


def seen_badly(image: Image) -> Image:
    """Return the picture smaller, darker and strongly compressed."""
    small = cv2.convertScaleAbs(cv2.resize(image, None, fx=0.4, fy=0.4), alpha=0.9)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 20])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory, save: Save) -> Path:
    """Ground truth and pictures: of each place an easy and a hard one, and a query with a red frame."""
    folder = tmp_path_factory.mktemp("benchmark")
    names, gnd = [], []
    for number, place in enumerate(painted(5, PLACES)):
        height, width = place.shape[:2]
        framed = np.asarray(
            cv2.copyMakeBorder(place, FRAME, FRAME, FRAME, FRAME, cv2.BORDER_CONSTANT, value=(255, 0, 0)),
            np.uint8,
        )
        save(folder / "jpg" / f"query_{number}.jpg", framed)
        for kind, image in (("easy", place), ("hard", seen_badly(place))):
            save(folder / "jpg" / f"{kind}_{number}.jpg", image)
            names.append(f"{kind}_{number}")
        box = [FRAME, FRAME, FRAME + width, FRAME + height]
        gnd.append({"bbx": box, "easy": [2 * number], "hard": np.array([2 * number + 1]), "junk": []})
    queries = [f"query_{number}" for number in range(PLACES)]
    data = {"imlist": names, "qimlist": queries, "gnd": gnd}
    (folder / "gnd_small.pkl").write_bytes(pickle.dumps(data))
    return folder


def test_the_small_benchmark(benchmark: Path, both: EvaluatedEncoders) -> None:
    truth = read_ground_truth(benchmark / "gnd_small.pkl")
    results = {(r.model, r.setup): r for r in evaluate_landmarks(truth, benchmark / "jpg", both, share=0.25)}
    assert len(results) == 9
    for model in ("MoReSo", "SOLAR", "MobileNetV2"):
        easy, medium, hard = (results[model, setup] for setup in ("easy", "medium", "hard"))
        assert easy.mean_ap == easy.mean_p1 == pytest.approx(1.0)
        assert hard.mean_ap is not None
        assert medium.mean_ap is not None
        assert hard.mean_ap > 0.3  # by chance it would be 0.1
        assert hard.mean_ap <= medium.mean_ap <= 1.0
    moreso, solar, alone = (results[model, "easy"] for model in ("MoReSo", "SOLAR", "MobileNetV2"))
    between = 1 / (1 / alone.efficiency + 0.25 / solar.efficiency)
    assert moreso.efficiency == pytest.approx(between)


def test_without_a_refinement_the_filter_stands_alone(
    benchmark: Path, alone: EvaluatedEncoders, clock: EvaluationClock
) -> None:
    truth = read_ground_truth(benchmark / "gnd_small.pkl")
    results = evaluate_landmarks(truth, benchmark / "jpg", alone, clock=clock)
    assert [result.setup for result in results] == ["easy", "medium", "hard"]
    assert {result.efficiency for result in results} == {24 / 3}  # three batches of eight, a tick each


def test_the_box_of_a_query_is_what_is_asked() -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    path = Path("q.jpg")
    assert cut(picture, None, path) is picture
    assert np.array_equal(cut(picture, (0.6, 1.4, 3.2, 99.0), path), picture[1:4, 1:3])
    for box in ((3.0, 0.0, 3.0, 4.0), (5.0, 0.0, 9.0, 4.0), (3.0, 1.0, 1.0, 4.0)):
        with pytest.raises(InputError, match=r"q\.jpg, 5 x 4"):
            cut(picture, box, path)


def test_pictures_are_looked_for_inside_their_folder(tmp_path: Path) -> None:
    (tmp_path / "jpg").mkdir()
    for name in ("jpg/a.jpg", "jpg/b.png", "jpg/c", "outside.jpg"):
        (tmp_path / name).write_bytes(b"")
    folder = tmp_path / "jpg"
    assert [find_picture(folder, name).name for name in ("a", "a.jpg", "b", "c")] == [
        "a.jpg",
        "a.jpg",
        "b.png",
        "c",
    ]
    with pytest.raises(InputError, match="no such picture"):
        find_picture(folder, "d")
    with pytest.raises(InputError, match="not inside"):
        find_picture(folder, "../outside")


def test_a_picture_that_cannot_be_read_is_an_error(
    benchmark: Path, alone: EvaluatedEncoders, tmp_path: Path
) -> None:
    shutil.copytree(benchmark, tmp_path / "copy")
    (tmp_path / "copy" / "jpg" / "hard_3.jpg").write_text("not a picture")
    truth = read_ground_truth(tmp_path / "copy" / "gnd_small.pkl")
    with pytest.raises(NotAPicture, match="hard_3"):
        evaluate_landmarks(truth, tmp_path / "copy" / "jpg", alone)


def test_a_shortlist_of_everything_loses_nothing(benchmark: Path, both: EvaluatedEncoders) -> None:
    results = evaluate_shortlist([benchmark / "jpg"], both, shares=(1.0, 0.1))
    assert [result.model for result in results] == ["MoReSo", "MoReSo", "SOLAR", "MobileNetV2"]
    tenth, everything, solar, alone = results
    assert (tenth.shortlisted, everything.shortlisted) == (4, 36)
    assert everything.kept_first == everything.kept_ten == 1.0
    assert tenth.kept_first is not None
    assert tenth.kept_ten is not None
    assert tenth.kept_ten <= 0.4  # four on the shortlist cannot hold more of ten
    assert tenth.kept_first > tenth.kept_ten
    for result, count in ((tenth, 4), (everything, 36)):
        picture_s = 1 / alone.efficiency + count / 36 / solar.efficiency
        assert result.efficiency == pytest.approx(1 / picture_s)
    assert solar.share is alone.share is solar.kept_first is None
    near = evaluate_shortlist([benchmark / "jpg"], both, shares=(0.1,), distance=2.0)[1]
    assert (near.model, near.share, near.shortlisted) == ("MoReSo, within 2", None, 35)
    assert near.kept_ten == 1.0


def test_a_shortlist_wants_pictures(benchmark: Path, alone: EvaluatedEncoders, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    shutil.copy(benchmark / "jpg" / "easy_0.jpg", tmp_path)
    notes: list[str] = []
    with pytest.raises(InputError, match="two pictures"):
        evaluate_shortlist([tmp_path], alone, notify=notes.append)
    assert len(notes) == 1
    (result,) = evaluate_shortlist([benchmark / "jpg"], alone)
    assert (result.model, result.shortlisted) == ("MobileNetV2", None)
