"""VCSL's and VCDB's precision and recall of segments: worked examples, a slow reference, and the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cbvir_core.errors import InputError
from cbvir_core.evaluate import (
    PrecisionRecall,
    evaluate_vcdb,
    evaluate_vcsl,
    overlap_aware,
    read_pair_segments,
    read_vcdb,
)
from cbvir_core.evaluate.segments import SegmentBoxes, mean_precision_recall, overlapping, segment_boxes
from cbvir_core.evaluate.vcsl import query_of, read_pairs, read_query_sets

TIMES = st.integers(0, 14)
BOXES = st.lists(
    st.tuples(TIMES, TIMES, st.integers(1, 6), st.integers(1, 6)).map(
        lambda box: [box[0], box[1], box[0] + box[2], box[1] + box[3]]
    ),
    max_size=5,
)


def boxes(*values: list[int]) -> SegmentBoxes:
    return segment_boxes(values)


def figures(found: SegmentBoxes, true: SegmentBoxes) -> tuple[float, float]:
    result = overlap_aware(found, true)
    return result.precision, result.recall


def seconds(box: list[int], axis: int) -> set[int]:
    """The whole seconds of a segment in one of the videos."""
    return set(range(box[axis], box[axis + 2]))


def slow_share(ours: list[list[int]], theirs: list[list[int]]) -> float:
    """Counts seconds, one by one: those of each box that any box it overlaps with covers, in both videos."""
    share = 1.0
    for axis in (0, 1):
        covered = whole = 0
        for box in ours:
            touched = [
                other
                for other in theirs
                if seconds(box, 0) & seconds(other, 0) and seconds(box, 1) & seconds(other, 1)
            ]
            own = seconds(box, axis)
            covered += len(own & set().union(*(seconds(other, axis) for other in touched)))
            whole += len(own)
        share *= covered / whole
    return share


def test_overlap_aware_precision_and_recall_of_a_worked_example() -> None:
    """True: 0-10 of the query is 0-10 of the reference.  Found: 0-4 is 0-4; 6-12 is 5-9; and 20-22 is 20-22.

    Precision, query: 4 of 4, 4 (6-10) of 6, 0 of 2: 8/12.  Reference: 4 of 4, 4 of 4, 0 of 2: 8/10.
    Precision 8/12 · 8/10 = 8/15.
    Recall, query: 0-4 and 6-10 of 0-10: 8/10.  Reference: 0-4 and 5-9: 8/10.  Recall 16/25.
    """
    found = boxes([0, 0, 4, 4], [6, 5, 12, 9], [20, 20, 22, 22])
    result = overlap_aware(found, boxes([0, 0, 10, 10]))
    assert result.precision == pytest.approx(8 / 15)
    assert result.recall == pytest.approx(16 / 25)
    assert result.f1 == pytest.approx(2 * (8 / 15) * (16 / 25) / (8 / 15 + 16 / 25))


def test_a_box_around_everything_is_not_precise_and_pieces_are() -> None:
    true = boxes([0, 0, 10, 10], [50, 90, 60, 100])
    assert figures(boxes([0, 0, 100, 100]), true) == pytest.approx((0.2 * 0.2, 1.0))
    pieces = boxes([0, 0, 5, 5], [5, 5, 10, 10], [50, 90, 60, 100])
    assert figures(pieces, true) == pytest.approx((1.0, 1.0))
    crossed = overlap_aware(boxes([0, 90, 10, 100]), true)  # right in each video, but not together
    assert crossed == PrecisionRecall(0.0, 0.0)
    assert crossed.f1 == 0.0


def test_pairs_without_segments() -> None:
    none = boxes()
    assert overlap_aware(none, none) == PrecisionRecall(1.0, 1.0)
    assert overlap_aware(none, boxes([0, 0, 1, 1])) == PrecisionRecall(1.0, 0.0)
    assert overlap_aware(boxes([0, 0, 1, 1]), none) == PrecisionRecall(0.0, 1.0)
    assert overlap_aware(boxes([3, 3, 3, 3]), boxes([0, 0, 9, 9])) == PrecisionRecall(0.0, 0.0)
    with pytest.raises(ValueError, match="nothing to average"):
        mean_precision_recall([])


@given(BOXES, BOXES)
def test_it_is_what_counting_seconds_gives(found: list[list[int]], true: list[list[int]]) -> None:
    assume(found and true)
    result = overlap_aware(boxes(*found), boxes(*true))
    assert result.precision == pytest.approx(slow_share(found, true))
    assert result.recall == pytest.approx(slow_share(true, found))


@given(BOXES)
def test_the_true_segments_are_a_perfect_answer(true: list[list[int]]) -> None:
    assert figures(boxes(*true), boxes(*true)) == pytest.approx((1.0, 1.0))


@given(BOXES, BOXES)
def test_precision_and_recall_change_places(found: list[list[int]], true: list[list[int]]) -> None:
    assume(found and true)
    there, back = (overlap_aware(boxes(*one), boxes(*two)) for one, two in ((found, true), (true, found)))
    assert (there.precision, there.recall) == (back.recall, back.precision)


def test_vcsl_averages_over_query_sets_and_over_all_pairs() -> None:
    """Pairs: a-x found exactly, a-y not found, b-z half found and exact; c-w has no copy and a false find.

    Query sets: a has P (1 + 1) / 2, R (1 + 0) / 2; b has P 1, R .25 (half of each side).
    Means: P 1, R .375, F1 .75 / 1.375.
    All pairs: P (1 + 1 + 1 + 0) / 4, R (1 + 0 + .25 + 1) / 4.  FRR 1 of 3, FAR 1 of 1.
    """
    true = {"a-x": boxes([0, 0, 4, 4]), "a-y": boxes([0, 0, 4, 4]), "b-z": boxes([0, 0, 4, 4])}
    found = {"a-x": boxes([0, 0, 4, 4]), "b-z": boxes([0, 0, 2, 2]), "c-w": boxes([0, 0, 1, 1])}
    sets = {"a": ["a-x", "a-y"], "b": ["b-z", "b-elsewhere"], "c": ["c-w"]}
    over_sets, over_pairs = evaluate_vcsl(true, found, [*true, "c-w"], sets)
    assert (over_sets.average, over_sets.sets, over_sets.pairs) == ("query sets", 2, 3)
    assert (over_sets.precision, over_sets.recall) == pytest.approx((1.0, 0.375))
    assert over_sets.f1 == pytest.approx(0.75 / 1.375)
    assert (over_pairs.precision, over_pairs.recall) == pytest.approx((0.75, 2.25 / 4))
    assert over_pairs.false_rejection == pytest.approx(1 / 3)
    assert over_pairs.false_acceptance == 1.0
    (alone,) = evaluate_vcsl(true, found, true, {})
    assert alone.false_acceptance is None
    with pytest.raises(InputError, match="none of the pairs"):
        evaluate_vcsl(true, found, ["c-w"], {})


def test_vcsl_files(tmp_path: Path) -> None:
    labels, pairs, sets = (tmp_path / name for name in ("labels.json", "pairs.csv", "sets.json"))
    labels.write_text(json.dumps({"a-x": [[0, 1, 2.5, 3]], "a-y": []}))
    found = read_pair_segments(labels)
    assert found["a-x"].tolist() == [[0.0, 1.0, 2.5, 3.0]]
    assert found["a-y"].shape == (0, 4)
    pairs.write_text("n,query_id,reference_id\n0,a,x\n1,a-1,y\n")
    assert read_pairs(pairs) == {"a-x": "a", "a-1-y": "a-1"}
    sets.write_text(json.dumps({"test": {"a": ["a-x"]}}))
    assert read_query_sets(sets, "test") == {"a": ["a-x"]}
    with pytest.raises(InputError, match="no split 'val'; it has test"):
        read_query_sets(sets, "val")
    assert query_of("a-x") == "a"
    with pytest.raises(InputError, match="--pairs"):
        query_of("a-b-c")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"a-x": [[0, 0, 1]]}, "wrong segment"),
        ({"a-x": [[0, 0, 1, True]]}, "wrong segment"),
        ({"a-x": [[5, 0, 1, 1]]}, "wrong segment"),
        ({"a-x": [[0, 0, 1, float("nan")]]}, "wrong segment"),
        ({"a-x": [0, 0, 1, 1]}, "no list of segments under 'a-x'"),
        ({"a-x": 3}, "no list of segments under 'a-x'"),
    ],
)
def test_wrong_segments_are_refused(tmp_path: Path, content: object, reason: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=reason):
        read_pair_segments(path)
    (tmp_path / "sets.json").write_text('{"test": {"a": [1]}}')
    with pytest.raises(InputError, match="no list of pairs"):
        read_query_sets(tmp_path / "sets.json", "test")
    for wrong in ("query_id\na\n", "query_id,reference_id\na,\n"):
        (tmp_path / "pairs.csv").write_text(wrong)
        with pytest.raises(InputError, match=r"has not the columns|has no pair in line 2"):
            read_pairs(tmp_path / "pairs.csv")


def test_vcdb_counts_any_overlap_in_both_videos() -> None:
    """True: a 0-10 is b 0-10, a 20-30 is b 40-50; c-d has one that nothing finds.

    Found in a-b: two on the first, one that fits each video at another time; and one between a and c.
    Right 2 of 4, reached 1 of 3.
    """
    true = {("a", "b"): boxes([0, 0, 10, 10], [20, 40, 30, 50]), ("c", "d"): boxes([0, 0, 5, 5])}
    found = {
        ("a", "b"): boxes([9, 9, 12, 12], [1, 2, 3, 4], [0, 40, 10, 50]),
        ("a", "c"): boxes([0, 0, 1, 1]),
    }
    result = evaluate_vcdb(true, found)
    assert (result.found, result.right, result.true, result.reached) == (4, 2, 3, 1)
    assert (result.precision, result.recall) == pytest.approx((0.5, 1 / 3))
    assert result.f1 == pytest.approx(0.4)
    nothing = evaluate_vcdb(true, {})
    assert (nothing.precision, nothing.recall, nothing.f1) == (0.0, 0.0, 0.0)


@given(BOXES, BOXES)
def test_vcdb_against_the_slow_truth(found: list[list[int]], true: list[list[int]]) -> None:
    def meets(one: list[int], other: list[int]) -> bool:
        return all(bool(seconds(one, axis) & seconds(other, axis)) for axis in (0, 1))

    pair = ("a", "b")
    result = evaluate_vcdb({pair: boxes(*true)}, {pair: boxes(*found)})
    assert result.right == sum(any(meets(one, other) for other in true) for one in found)
    assert result.reached == sum(any(meets(other, one) for other in found) for one in true)


def test_vcdb_lines_are_read_from_a_folder_and_their_videos_put_in_order(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("b.flv,a.flv,00:01:10,00:01:25,00:00:02,17.5\n\n")
    (tmp_path / "two.txt").write_text("a.flv, b.flv, 1:00:00, 1:00:01.5, 00:10, 00:20")
    found = read_vcdb(tmp_path)
    assert list(found) == [("a.flv", "b.flv")]
    assert found["a.flv", "b.flv"].tolist() == [[2, 70, 17.5, 85], [3600, 10, 3601.5, 20]]
    assert read_vcdb(tmp_path / "one.txt")["a.flv", "b.flv"].tolist() == [[2, 70, 17.5, 85]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,b,0,1,0", "line 2: 5 values"),
        ("a,,0,1,0,1", "line 2: 6 values"),
        ("a,b,0,x,0,1", "line 2: 'x' is not a time"),
        ("a,b,0,1:0:0:0,0,1", "line 2: '1:0:0:0' is not a time"),
        ("a,b,0,-1,0,1", "line 2: '-1' is not a time"),
        ("a,b,0,nan,0,1", "line 2: 'nan' is not a time"),
        ("a,b,2,1,0,1", r"line 2: \[2"),
    ],
)
def test_wrong_lines_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(f"a,b,0,1,0,1\n{line}\n")
    with pytest.raises(InputError, match=reason):
        read_vcdb(path)
    path.write_text("\n")
    with pytest.raises(InputError, match="names no copied segments"):
        read_vcdb(path)


@given(BOXES, st.data())
def test_the_mask_of_overlaps_has_a_row_for_each_found_segment(
    found: list[list[int]], data: st.DataObject
) -> None:
    true = data.draw(BOXES)
    assert overlapping(boxes(*found), boxes(*true)).shape == (len(found), len(true))
    assert overlapping(boxes(*found), boxes(*true)).dtype == np.bool_
