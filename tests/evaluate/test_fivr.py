"""FIVR-200K's tasks on a made annotation, worked out by hand, and the layouts of its files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate import FivrAnnotation, FivrResult, evaluate_fivr, read_fivr
from cbvir_core.evaluate.fivr import FIVR_TASK_LABELS, FivrTask, videos_at_hand
from cbvir_core.evaluate.fivr_files import VideoScores, read_scores, read_video_names

LABELS = {
    "q1": {"ND": ["a", "q1"], "DS": ["b"], "CS": ["c"], "IS": ["gone"], "DA": ["d"]},
    "q2": {"DS": ["e", "gone"], "IS": ["a"]},
    "q3": {"CS": ["gone"]},
}
SCORES: VideoScores = {
    "q1": {"q1": 1.0, "a": 0.9, "d": 0.8, "b": 0.7, "other": 0.6, "c": 0.5, "outside": 2.0},
    "q2": {"a": 0.95, "e": 0.65},
    "q3": {"a": 0.1},
    "unknown": {"a": 1.0},
}
VIDEOS = frozenset({"q1", "a", "b", "c", "d", "e", "other"})


def annotation(labels: Any = LABELS) -> FivrAnnotation:
    return FivrAnnotation(
        {query: {label: frozenset(names) for label, names in sets.items()} for query, sets in labels.items()}
    )


def by_task(results: list[FivrResult]) -> dict[str, FivrResult]:
    return {result.task: result for result in results}


def test_the_three_tasks_of_a_worked_example() -> None:
    """q1 ranks a d b other c: itself and the video that is not at hand are not ranked.

        DSVR  positives a b     1/1, 2/3           AP (1 + 2/3) / 2 = 5/6
        CSVR  positives a b c   1/1, 2/3, 3/5      AP (1 + 2/3 + 3/5) / 3 = 34/45
        ISVR  the same: what is not at hand is not to be found

    q2 ranks a e.  DSVR and CSVR: e at rank 2, AP 1/2.  ISVR: a and e, AP 1.  q3 has no positive at hand.
    mAP: DSVR (5/6 + 1/2) / 2 = 2/3, CSVR (34/45 + 1/2) / 2 = 113/180, ISVR (34/45 + 1) / 2 = 79/90.

    DSVR pooled, best first: q2-a n, q1-a p, q1-d n, q1-b p, q2-e p, q1-other n, q1-c n.
    micro-AP (1/2 + 2/4 + 3/5) / 3 = 8/15.
    """
    results = by_task(evaluate_fivr(annotation(), SCORES, VIDEOS))
    assert results["DSVR"].mean_ap == pytest.approx(2 / 3)
    assert results["CSVR"].mean_ap == pytest.approx(113 / 180)
    assert results["ISVR"].mean_ap == pytest.approx(79 / 90)
    assert results["DSVR"].micro_ap == pytest.approx(8 / 15)
    assert results["ISVR"].average_precisions == pytest.approx({"q1": 34 / 45, "q2": 1.0})
    assert [(one.queries, one.positives, one.videos) for one in results.values()] == [
        (2, 3, 7),
        (2, 4, 7),
        (2, 5, 7),
    ]


def test_a_positive_without_a_score_is_not_found() -> None:
    (dsvr, *_) = evaluate_fivr(annotation({"q": {"ND": ["a", "b"]}}), {"q": {"a": 0.3}}, frozenset("ab"))
    assert dsvr.mean_ap == dsvr.micro_ap == pytest.approx(1 / 2)


def test_a_task_without_positives_has_no_figure() -> None:
    dsvr, _, isvr = evaluate_fivr(annotation({"q": {"IS": ["a"]}}), {"q": {"a": 0.3}}, frozenset("a"))
    assert (dsvr.mean_ap, dsvr.micro_ap, dsvr.queries) == (None, None, 0)
    assert isvr.mean_ap == 1.0
    with pytest.raises(InputError, match="no query"):
        evaluate_fivr(annotation(), {"unknown": {"a": 1.0}}, VIDEOS)


def slow_truth(labels: Any, scores: VideoScores, videos: frozenset[str], task: FivrTask) -> list[float]:
    """The definition of the research code: each positive adds its rank among them by its rank among all."""
    values = []
    for query, sets in labels.items():
        wanted = {name for label in FIVR_TASK_LABELS[task] for name in sets.get(label, ())}
        wanted = (wanted & videos) - {query}
        if query not in scores or not wanted:
            continue
        rank = found = 0
        total = 0.0
        for video in sorted(scores[query], key=lambda name: -scores[query][name]):
            if video != query and video in videos:
                rank += 1
                if video in wanted:
                    found += 1
                    total += found / rank
        values.append(total / len(wanted))
    return values


NAMES = st.sampled_from("abcdefgh")


@given(
    st.dictionaries(
        NAMES,
        st.dictionaries(
            st.sampled_from(["ND", "DS", "CS", "IS", "DA"]), st.lists(NAMES, max_size=4), max_size=4
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.permutations("abcdefgh"), min_size=8, max_size=8),
    st.sets(NAMES, min_size=1),
)
def test_without_ties_it_is_the_definition_of_the_research_code(
    labels: Any, orders: list[list[str]], videos: set[str]
) -> None:
    scores = {
        query: {video: -float(order.index(video)) for video in "abcdefgh"}
        for query, order in zip("abcdefgh", orders, strict=True)
    }
    for result in evaluate_fivr(annotation(labels), scores, frozenset(videos)):
        expected = slow_truth(labels, scores, frozenset(videos), result.task)
        assert list(result.average_precisions.values()) == pytest.approx(expected)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_the_pickle_of_the_research_code_is_read(tmp_path: Path, protocol: int, kind: Any) -> None:
    queries = {"5k": ["q1"], "200k": ["q1", "q2"]}
    content: dict[str, Any] = {"annotation": LABELS}
    for version, names in queries.items():
        content[version] = {"queries": kind(names), "database": kind([*"abc", *names])}
    path = tmp_path / "fivr.pickle"
    path.write_bytes(pickle.dumps(content, protocol))
    small, large = read_fivr(path, "5k"), read_fivr(path)
    assert list(small.labels) == ["q1"]
    assert list(large.labels) == ["q1", "q2"]
    assert small.videos == frozenset({"a", "b", "c", "q1"})
    assert small.labels["q1"] == annotation().labels["q1"]
    assert videos_at_hand(large, SCORES, None) == large.videos
    assert videos_at_hand(large, SCORES, frozenset("a")) == {"a"}


def test_the_published_annotation_is_read(tmp_path: Path) -> None:
    path = tmp_path / "annotation.json"
    path.write_text(json.dumps(LABELS))
    found = read_fivr(path)
    assert found == annotation()
    assert videos_at_hand(found, SCORES, None) == {"q1", "a", "b", "c", "d", "e", "other", "outside"}
    (tmp_path / "ids.txt").write_text("a\n b \n\n")
    assert read_video_names(tmp_path / "ids.txt") == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"[]", "is not a JSON object"),
        ("a.json", b"{}", "not a dict of queries"),
        ("a.json", b'{"q": {"ND": 3}}', "q.ND is not a list of names"),
        ("a.json", b'{"q": {"ND": [3]}}', "q.ND is not a list of names"),
        ("a.json", b'{"q": []}', "'q' has no dict of labels"),
        ("a.json", b"\xff", "is not in UTF-8"),
        ("a.json", b"[" * 100_000, "is nested too deeply|is not JSON"),
        ("a.pickle", pickle.dumps({"annotation": LABELS}), "'200k' is missing"),
        ("a.pickle", pickle.dumps([1]), "is missing"),
        ("a.pickle", pickle.dumps({"annotation": {"q": {"ND": np.zeros(2)}}}), "not a list of names"),
        ("a.pickle", pickle.dumps(Path("a")), "not a pickle of plain data"),
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_fivr(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "holds no query"),
        ('{"q": [1]}', "no scores of videos under 'q'"),
        ('{"q": {"a": "1"}}', "the score '1' of 'a' under 'q'"),
        ('{"q": {"a": NaN}}', "the score nan"),
        ('{"q": {"a": true}}', "the score True"),
    ],
)
def test_wrong_scores_are_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(content)
    with pytest.raises(InputError, match=reason):
        read_scores(path)
    with pytest.raises(FileUnreadable):
        read_scores(tmp_path / "gone.json")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="names no video"):
        read_video_names(tmp_path / "empty.txt")
