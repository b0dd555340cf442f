"""The lines that people see of a run."""

import io

from rich.console import Console

from cbvir_core.train.report import TrainingReport


def test_without_a_terminal_lines_come_now_and_then() -> None:
    out = io.StringIO()
    now = iter([0.0, 10.0, 31.0, 32.0, 33.0, 34.0])
    with TrainingReport(Console(file=out, width=200), every_s=30.0, clock=lambda: next(now)) as report:
        for done in range(1, 5):
            report.progress("training", done, 4, f"step {done}")
    assert [line.split()[-1] for line in out.getvalue().splitlines()] == ["1", "3"]


def test_on_a_terminal_there_is_a_bar() -> None:
    out = io.StringIO()
    with TrainingReport(Console(file=out, force_terminal=True, width=120)) as report:
        report.progress("training", 1, 2, "7 images/s")
    assert "training" in out.getvalue()
    assert "50.0%" in out.getvalue()
    assert "7 images/s" in out.getvalue()
