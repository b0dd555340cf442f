"""``cbvirctl calibrate``: scores that mean what they say, for this library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from cbvirctl.listening import Events, listening
from cbvirctl.session import AsJson, Socket, emit, session

Show = Callable[[int, int], None]
"""Called with the questions that are done and those in all."""


def calibrate(
    questions: Annotated[
        int | None,
        typer.Option(help="How many stills to ask with, each twice; more fit better and take longer."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another one asks with other stills.")] = None,
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """Makes scores mean what they say in this library: asks with edited stills whose answers are known.

    Takes about half a second a question; queries go on.  Holds until the weights change.
    """
    with (
        session(socket, as_json, timeout_s=None) as client,
        _bar() as show,
        listening(client.socket, partial(draw, show=show)),
    ):
        document = client.post("/v1/calibrate", questions=questions, seed=seed)
        show(document["questions"], document["questions"])
    if as_json:
        emit(document)
        return
    typer.echo(f"{document['answers']} answers to {document['questions']} pictures")
    typer.echo(f"calibration error {document['error_before']:.3f} before, {document['error']:.3f} now")
    typer.echo(
        f"of pictures that are not in the library {100 * document['false_sure']:.1f} % are called a match"
    )


def draw(events: Events, show: Show) -> None:
    """Shows how far a calibration is; other events are passed over."""
    for kind, data in events:
        if kind == "calibration":
            show(data["done"], data["total"])


@contextmanager
def _bar() -> Iterator[Show]:
    """A bar on stderr that moves to and fro until it is told how many questions there are."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), left)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("questions", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
