"""The bar on stderr that shows how far long work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

ShowProgress = Callable[[int, int | None], None]
"""Called with the number of steps done, and of all steps, None where that is not known."""


@contextmanager
def progress_bar(of: str) -> Iterator[ShowProgress]:
    """Show a bar of steps called `of`, which moves to and fro until their number is known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), left)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(of, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
