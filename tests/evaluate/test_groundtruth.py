"""The layout of gnd_roxford5k.pkl, and the errors for files that do not have it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate import read_ground_truth
from cbvir_core.evaluate.groundtruth import LandmarkSetup

ENTRY = {"bbx": [1.0, 2, 30.5, 40], "easy": [0], "hard": [2, 3], "junk": []}


def layout(**changes: object) -> dict[str, Any]:
    return {"imlist": list("abcd"), "qimlist": ["q"], "gnd": [dict(ENTRY)], **changes}


def write(folder: Path, content: object, protocol: int = 2) -> Path:
    path = folder / "gnd.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "kind", [list, np.asarray, lambda v: np.asarray([v], dtype=np.float32 if not v else int)]
)
def test_the_revisited_layout_is_read_from_lists_and_arrays(tmp_path: Path, protocol: int, kind: Any) -> None:
    entry = {key: value if key == "bbx" else kind(value) for key, value in ENTRY.items()}
    truth = read_ground_truth(write(tmp_path, layout(gnd=[entry]), protocol))
    assert truth.pictures == ("a", "b", "c", "d")
    assert truth.setups == ("easy", "medium", "hard")
    (question,) = truth.questions
    assert (question.picture, question.box) == ("q", (1.0, 2.0, 30.5, 40.0))
    assert question.lists == {"easy": (0,), "hard": (2, 3), "junk": ()}


def test_the_older_layout_has_one_setup(tmp_path: Path) -> None:
    entry = {"bbx": np.array([1, 2, 3, 4]), "ok": [1], "junk": np.array([0])}
    truth = read_ground_truth(write(tmp_path, layout(gnd=[entry], qidx=np.array([1]))))
    assert truth.setups == ("original",)
    assert truth.questions[0].outcome([0, 1, 2, 3], "original").found == (0,)


@given(st.lists(st.sampled_from(["easy", "hard", "junk", "other"]), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_judged_picture_is_found_or_ignored_as_the_setup_says(
    tmp_path: Path, judged: list[str]
) -> None:
    lists = {key: [at for at, label in enumerate(judged) if label == key] for key in ("easy", "hard", "junk")}
    names = [str(number) for number in range(len(judged))]
    truth = read_ground_truth(write(tmp_path, layout(imlist=names, gnd=[lists])))
    ranking = range(len(judged))
    cases: tuple[tuple[LandmarkSetup, set[str], set[str]], ...] = (
        ("easy", {"easy"}, {"easy", "other"}),
        ("medium", {"easy", "hard"}, {"easy", "hard", "other"}),
        ("hard", {"hard"}, {"hard", "other"}),
    )
    for setup, good, counted in cases:
        left = [label for label in judged if label in counted]
        outcome = truth.questions[0].outcome(ranking, setup)
        assert outcome.found == tuple(at for at, label in enumerate(left) if label in good)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1], "not a dict"),
        ({"imlist": [], "gnd": []}, "not a dict"),
        (layout(gnd=[]), "one for each of qimlist"),
        (layout(gnd=[], qimlist=[]), "holds no query"),
        (layout(gnd=[{"easy": []}]), "easy, hard and junk"),
        (layout(gnd=[[1]]), "easy, hard and junk"),
        (layout(imlist=["a", 2]), "imlist is not a list of names"),
        (layout(qimlist="q"), "qimlist is not a list of names"),
        (layout(gnd=[{**ENTRY, "hard": [4]}]), r"gnd\[0\].hard names a position"),
        (layout(gnd=[{**ENTRY, "hard": [-1]}]), r"gnd\[0\].hard names a position"),
        (layout(gnd=[{**ENTRY, "easy": [0.5]}]), r"gnd\[0\].easy is not a list"),
        (layout(gnd=[{**ENTRY, "easy": [[0], 1]}]), r"gnd.pkl is not a ground truth"),
        (layout(gnd=[{**ENTRY, "easy": None}]), r"gnd\[0\].easy is not a list"),
        (layout(gnd=[{**ENTRY, "bbx": [1, 2, 3]}]), r"gnd\[0\].bbx"),
        (layout(gnd=[{**ENTRY, "bbx": [1, 2, 3, float("inf")]}]), r"gnd\[0\].bbx"),
    ],
)
def test_what_is_not_in_the_layout_is_named(tmp_path: Path, content: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_ground_truth(write(tmp_path, content))


def test_a_ground_truth_with_code_is_refused(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {tmp_path / 'trace'}",)

    with pytest.raises(InputError, match=r"gnd.pkl .* names posix.system"):
        read_ground_truth(write(tmp_path, layout(gnd=[{**ENTRY, "easy": Runs()}])))
    assert not (tmp_path / "trace").exists()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"none\.pkl"):
        read_ground_truth(tmp_path / "none.pkl")
