"""``cbvirctl status`` and ``wait``: what the service is doing, and when it is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvirctl.errors import TimedOut
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import emit, session

if TYPE_CHECKING:
    from cbvirctl.client import Client

STATUS_POLL_S = 0.5
"""Seconds between two requests for the status."""


def status(
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show it again and again, with a bar for each file.")
    ] = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Show what the service knows and is doing."""
    with session(socket, as_json) as client:
        if as_json:
            emit(client.get("/v1/status"))
            return
        from rich.live import Live

        from cbvirctl import render
        from cbvirctl.status_table import status as table_of

        if not watch:
            render.console().print(table_of(client.get("/v1/status")))
            return
        with Live(console=render.console(), refresh_per_second=4) as live:
            while True:
                live.update(table_of(client.get("/v1/status")))
                time.sleep(STATUS_POLL_S)


def wait(
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="S", help="Give up after S seconds.")
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Wait until every file is indexed or failed.

    This includes files that were dropped just before.  Exit code 6: the time was over before.
    """
    with session(socket, as_json) as client:
        client.post("/v1/rescan")
        document = _watch_bar(client, timeout) if not as_json else _poll(client, timeout, lambda _: None)
        if as_json:
            emit(document)
        else:
            typer.echo(", ".join(f"{count} {state}" for state, count in document["videos"].items() if count))


def _watch_bar(client: Client, timeout: float | None) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cbvirctl.render import span

    left = TextColumn("{task.fields[left]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("videos", total=None, left="")

        def show(document: dict[str, Any]) -> None:
            total = sum(document["videos"].values())
            progress.update(
                task,
                total=total or None,
                completed=total - open_videos(document) + _begun(document),
                left=f"{span(document.get('eta_s'))} left",
            )

        return _poll(client, timeout, show)


def _poll(client: Client, timeout: float | None, show: Any) -> dict[str, Any]:
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        document = client.get("/v1/status")
        show(document)
        if open_videos(document) == 0 and not document.get("scanning", False):
            return document
        if deadline is not None and time.monotonic() >= deadline:
            raise _late(open_videos(document), timeout)
        time.sleep(STATUS_POLL_S)


def _late(videos: int, timeout: float | None) -> TimedOut:
    from cbvirctl.render import counted

    verb = "is" if videos == 1 else "are"
    left = f"{counted(videos, 'video')} {verb} not done" if videos else "the scan is not over"
    return TimedOut(f"{left} after {timeout:g} s; wait longer.", code="timeout")


def _begun(document: dict[str, Any]) -> float:
    """Return how much of the videos at work is done, in videos."""
    return sum((file.get("per_cent") or 0.0) / 100.0 for file in document["working"])


def open_videos(document: dict[str, Any]) -> int:
    """Return how many videos are neither indexed nor failed yet."""
    videos: dict[str, int] = document["videos"]
    return videos.get("waiting", 0) + videos.get("working", 0)
