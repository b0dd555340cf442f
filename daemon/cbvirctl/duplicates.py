"""``cbvirctl duplicates``: the library against itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvirctl.errors import Refused, Usage
from cbvirctl.options import JsonOption, RelativeOption, SocketOption
from cbvirctl.session import emit, note, reference, session
from cbvirctl.shown_paths import shown_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from cbvirctl.client import Client, Document

DUPLICATES_IN_SHORT = "Find what videos of the library share."

COMPARISON_INTERVAL_S = 0.3
"""Seconds between two questions how far it is."""

GROUPS_AT_ONCE = 200
"""Groups that are fetched in one request."""

HALTED = "the comparison ends after its next step; `cbvirctl duplicates` goes on with it"
NO_COMPARISON = "no comparison runs"
STILL_RUNNING = "the service goes on comparing; `cbvirctl duplicates --stop` ends that"


def duplicates(
    within: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            metavar="PATH",
            help="Compare the videos of this folder with each other only; may be repeated.",
        ),
    ] = None,
    min_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="Leave out what is shared for less time; 3 by default."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a report with pictures, one file that opens offline."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a line for each shared segment.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="End the comparison that runs; nothing else.")] = False,
    relative: RelativeOption = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Find what videos of the library share: copies, excerpts, titles, compilations, other reuse.

    Only videos that are new since the last time are compared, in the background and between queries.
    A comparison that was stopped goes on where it was.
    """
    with session(socket, as_json) as client:
        if stop:
            _stop(client, as_json)
            return
        for file in filter(None, (html, csv)):
            _check_folder(file)
        places = [reference(text) for text in within or ()] or None
        state = _compared(client, places)
        document = _groups(client, places, min_seconds)
        shown = shown_paths(client, relative and not as_json)
        if html is not None:
            from cbvirctl.duplicates_html import write_html

            _write(html, lambda: write_html(html, document, client))
        if csv is not None:
            from cbvirctl.duplicates_csv import write_csv

            _write(csv, lambda: write_csv(csv, document))
    if as_json:
        emit(document | {"comparison": state})
        return
    from cbvirctl.duplicates_table import show

    show(document, shown)


def _stop(client: Client, as_json: bool) -> None:
    was_running = client.get("/v1/duplicates")["running"]
    document = client.delete("/v1/duplicates")
    if as_json:
        emit(document)
    else:
        typer.echo(HALTED if was_running else NO_COMPARISON)


def _compared(client: Client, places: list[str] | None) -> Document:
    """Start the comparison, show its progress until it is over, and return how it ended."""
    wanted: dict[str, Any] = {"in": places}
    state = client.post("/v1/duplicates", **wanted)
    try:
        with _bar() as show:
            while state["running"]:
                show(state)
                time.sleep(COMPARISON_INTERVAL_S)
                state = client.get("/v1/duplicates")
            show(state)
    except KeyboardInterrupt:
        note(STILL_RUNNING)
        raise
    if state["error"]:
        raise Refused(f"the comparison ended early: {state['error']}", code="comparison_ended", retry=True)
    return state


def _groups(client: Client, places: list[str] | None, min_seconds: float | None) -> Document:
    """Return all groups in one document, fetched page by page."""
    wanted: dict[str, Any] = {"in": places, "min_seconds": min_seconds, "limit": GROUPS_AT_ONCE}
    document = client.get("/v1/duplicates/groups", **wanted)
    while len(document["groups"]) < document["total"]:
        page = client.get("/v1/duplicates/groups", offset=len(document["groups"]), **wanted)
        if not page["groups"]:  # something was forgotten meanwhile
            break
        document["groups"] += page["groups"]
    return {key: document[key] for key in ("total", "kinds", "groups")}


def _check_folder(file: Path) -> None:
    """Refuse a file that cannot be written, before the comparison, which may take hours."""
    if not file.parent.is_dir():
        raise Usage(f"cannot write {file}: there is no folder {file.parent}.", code="file_unwritable")
    if file.is_dir():
        raise Usage(f"cannot write {file}: it is a folder.", code="file_unwritable")


def _write(path: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}", code="file_unwritable") from None
    note(f"{path} is written")


@contextmanager
def _bar() -> Iterator[Callable[[Document], None]]:
    """Show a bar on stderr: seconds of video that were compared."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from cbvirctl.render import counted

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[videos]}"), left)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("comparing", total=None, videos="")

        def show(state: Document) -> None:
            total_videos = counted(state["videos"], "video")
            videos = f"{state['videos_done']} of {total_videos}" if state["videos"] else ""
            total = max(1.0, state["total_s"])
            done = state["done_s"] if state["running"] else total
            progress.update(task, total=total, completed=done, videos=videos)

        yield show
