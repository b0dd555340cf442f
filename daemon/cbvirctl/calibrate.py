"""``cbvirctl calibrate``: scores that are true probabilities in this library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from cbvirctl.events import Events, listening
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import emit, session

ShowProgress = Callable[[int, int], None]
"""Called with the number of questions done, and of all questions."""


def calibrate(
    questions: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of stills to ask with, each twice; more fit better and take longer."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Seed of the choice of stills; another seed asks with other stills."),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Fit scores to this library.

    Afterwards a score is the probability of being right here.  The service asks itself with perturbed stills
    whose answers are known.  This takes about half a second a question; queries go on.  The result holds
    until the weights change.
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


def draw(events: Events, show: ShowProgress) -> None:
    """Show the progress of a calibration; ignore other events."""
    for kind, data in events:
        if kind == "calibration":
            show(data["done"], data["total"])


@contextmanager
def _bar() -> Iterator[ShowProgress]:
    """Show a bar on stderr, which moves to and fro until the number of questions is known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), left)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("questions", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
