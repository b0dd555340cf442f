"""The bars of a download that the service makes, drawn from its events."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbvirctl.errors import ClientError

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def downloading(socket: Path, profile: str) -> Iterator[None]:
    """A bar on stderr for each file of `profile` that the service downloads while this is open."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        # Waits for events until the service or this process ends.
        threading.Thread(target=_listen, args=(socket, profile, progress), daemon=True).start()
        yield


def _listen(socket: Path, profile: str, progress: Progress) -> None:
    from cbvirctl.client import Client

    # Without events there is no bar; what is wrong, the order to download says itself.
    with suppress(ClientError), Client(socket, timeout_s=None) as client:
        draw(client.events(), profile, progress)


def draw(events: Iterable[tuple[str, dict[str, Any]]], profile: str, progress: Progress) -> None:
    """Moves one bar per file of `profile`; other events are passed over."""
    tasks = {}
    for kind, data in events:
        if kind != "models" or data.get("profile") != profile:
            continue
        name = data["file"]
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=None)
        progress.update(tasks[name], completed=data["bytes"], total=data["total"])
