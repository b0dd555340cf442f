"""The bars of a download by the service, drawn from its events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cbvirctl.events import Events, listening

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def downloading(socket: Path, profile: str) -> Iterator[None]:
    """Show a bar on stderr for each file of `profile` that the service downloads while this is open."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        listening(socket, partial(draw, profile=profile, progress=progress)),
    ):
        yield


def draw(events: Events, profile: str, progress: Progress) -> None:
    """Move one bar per file of `profile`; ignore other events."""
    tasks = {}
    for kind, data in events:
        if kind != "models" or data.get("profile") != profile:
            continue
        name = data["file"]
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=None)
        progress.update(tasks[name], completed=data["bytes"], total=data["total"])
