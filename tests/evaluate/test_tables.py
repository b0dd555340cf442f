"""CSV files of queries and shots: strict, and errors name the line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate import read_queries, read_shots
from cbvir_core.evaluate.tables import AnnotatedSpan

HEADER = "query,video,start_s,end_s\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the videos a.mp4 and sub/b.mp4, beside the pictures q.png and r.png."""
    (tmp_path / "videos" / "sub").mkdir(parents=True)
    for name in ("videos/a.mp4", "videos/sub/b.mp4", "q.png", "r.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_occurrences_of_a_query_are_gathered_in_order(folder: Path) -> None:
    text = HEADER + "q.png,sub/b.mp4,3,4.5\nr.png,a.mp4,0,1\n\nq.png, a.mp4 ,7,8\nq.png,a.mp4,5,7.0001\n"
    first, second = read_queries(table(folder, text), folder / "videos")
    a, b = ((folder / "videos" / name).resolve() for name in ("a.mp4", "sub/b.mp4"))
    assert first.picture == (folder / "q.png").resolve()
    assert first.occurrences == (
        AnnotatedSpan(a, 5, 7.0001),
        AnnotatedSpan(a, 7, 8),
        AnnotatedSpan(b, 3, 4.5),
    )
    assert second.occurrences == (AnnotatedSpan(a, 0, 1),)


def test_columns_may_stand_in_any_order_and_the_file_may_begin_with_a_mark(folder: Path) -> None:
    text = "\ufeffend_s,video,query,start_s\r\n2,a.mp4,q.png,1\r\n"
    (query,) = read_queries(table(folder, text), folder / "videos")
    assert (query.occurrences[0].start_s, query.occurrences[0].end_s) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"line 1: the columns are \[\]"),
        ("query,video,start,end_s\n", "line 1: the columns"),
        ("query,video,start_s,end_s,note\n", "line 1: the columns"),
        ("query,query,video,start_s,end_s\n", "line 1: the columns"),
        (HEADER, "no line below"),
        (HEADER + "q.png,a.mp4,1,2\nq.png,a.mp4,3\n", "line 3: 3 cells under 4 columns"),
        (HEADER + "q.png,a.mp4,1,2,\n", "line 2: 5 cells"),
        (HEADER + "\n\nq.png,a.mp4,one,2\n", "line 4: start_s 'one' is not a number"),
        (HEADER + "q.png,a.mp4,1,nan\n", "line 2: end_s nan is not a time"),
        (HEADER + "q.png,a.mp4,-1,2\n", "line 2: start_s -1 is not a time"),
        (HEADER + "q.png,a.mp4,2,2\n", "line 2: start_s 2 is not before end_s 2"),
        (HEADER + "q.png,c.mp4,1,2\n", r"line 2: video 'c\.mp4' is not a file in .*videos"),
        (HEADER + "q.png,sub,1,2\n", "line 2: video 'sub' is not a file"),
        (HEADER + "x.png,a.mp4,1,2\n", r"line 2: query 'x\.png' is not a file"),
        (HEADER + ",a.mp4,1,2\n", "line 2: query is empty"),
        (HEADER + "q.png,a.mp4,1,3\nr.png,a.mp4,1,3\nq.png,a.mp4,2,4\n", "line 4: it overlaps with line 2"),
        (HEADER + "q.png,a.mp4,2,4\nq.png,a.mp4,1,3\n", "line 3: it overlaps with line 2"),
        (HEADER + 'q.png,"a.mp4,1,2\n', "line 2: unexpected end"),
    ],
)
def test_whatever_is_wrong_is_named_with_its_line(folder: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_queries(table(folder, text), folder / "videos")


def test_a_table_that_is_gone_or_not_utf_8(folder: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"none\.csv"):
        read_queries(folder / "none.csv", folder)
    (folder / "table.csv").write_bytes(HEADER.encode() + b"\xff")
    with pytest.raises(InputError, match="UTF-8"):
        read_queries(folder / "table.csv", folder)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=10, unique=True), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shots_come_back_in_order_and_touching_ones_do_not_overlap(
    folder: Path, marks: list[int], chance: object
) -> None:
    marks.sort()
    shots = list(pairwise(marks))
    mixed = list(shots)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    lines = [f"a.mp4,{start / 4},{end / 4}\n" for start, end in mixed]
    read = read_shots(table(folder, "video,start_s,end_s\n" + "".join(lines)), folder / "videos")
    (found,) = read.values()
    assert [(shot.start_s * 4, shot.end_s * 4) for shot in found] == shots
