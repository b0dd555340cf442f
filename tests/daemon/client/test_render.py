"""Times, counts and bars as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cbvirctl.download import draw
from cbvirctl.render import WithoutEnds, clock, counted, probability, span, took

CELLS = st.lists(st.tuples(*[st.text("ab \n", max_size=12)] * 3), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.00"), (12.48, "0:12.48"), (59.999, "1:00.00"), (3723.5, "1:02:03.50"), (None, "–")],
)
def test_clock(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text


@given(st.floats(0, 1e6))
def test_a_clock_reads_back_to_the_hundredth(seconds: float) -> None:
    parts = [float(part) for part in clock(seconds).split(":")]
    total = 0.0
    for part in parts:
        total = total * 60 + part
    assert total == pytest.approx(seconds, abs=0.0051)
    assert all(part < 60 for part in parts[1:])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (40, "40 s"), (720, "12 min"), (12_000, "3 h 20 min"), (3599, "1 h 00 min")],
)
def test_span(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def printed(content: Table | WithoutEnds, *, coloured: bool = False) -> list[str]:
    console = Console(width=30, force_terminal=coloured, color_system="standard" if coloured else None)
    with console.capture() as captured:
        console.print(content)
    return captured.get().split("\n")


@given(CELLS, st.integers(0, 3))
def test_lines_of_a_table_end_with_their_last_character_and_are_else_the_same(
    cells: list[tuple[str, ...]], padding: int
) -> None:
    table = Table.grid(padding=(0, padding, 1, 0))
    for row in cells:
        table.add_row(*row)
    assert printed(WithoutEnds(table)) == [line.rstrip(" ") for line in printed(table)]


def test_spaces_on_a_background_are_a_picture_and_stay() -> None:
    table = Table.grid(padding=(0, 1))
    table.add_row("a", Text("   ", style="on red"), "")
    assert printed(WithoutEnds(table), coloured=True) == ["a \x1b[41m   \x1b[0m", ""]


def test_counted() -> None:
    assert [counted(number, "file") for number in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]


def test_a_bar_for_each_file_of_the_profile_that_is_downloaded() -> None:
    progress = Progress(disable=True)
    told = [("a.pth", 10, None), ("b.pth", 5, 50), ("a.pth", 20, 20)]
    events = [
        ("models", {"profile": "moreso", "file": file, "bytes": here, "total": total})
        for file, here, total in told
    ]
    draw([("video", {"path": "x"}), ("models", {"profile": "other"}), *events], "moreso", progress)
    bars = [(task.description, task.completed, task.total) for task in progress.tasks]
    assert bars == [("a.pth", 20, 20), ("b.pth", 5, 50)]


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (0.8996, "0.89"),
        (0.9, "0.90"),
        (0.4999, "0.49"),
        (0.29, "0.29"),
        (0.9999, "0.99"),
        (1.0, "1.00"),
        (0, "0.00"),
    ],
)
def test_a_probability_is_never_rounded_up_to_a_threshold(score: float, text: str) -> None:
    assert probability(score) == text


@given(st.integers(0, 10_000))
def test_a_probability_loses_less_than_a_hundredth(ten_thousandths: int) -> None:
    score = ten_thousandths / 10_000
    assert 0 <= score - float(probability(score)) + 1e-12 < 0.01 + 1e-9


@pytest.mark.parametrize(("milliseconds", "text"), [(84.2, "84 ms"), (2819.0, "2.8 s")])
def test_took(milliseconds: float, text: str) -> None:
    assert took(milliseconds) == text
