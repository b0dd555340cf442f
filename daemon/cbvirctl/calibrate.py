"""``cbvirctl calibrate``: scores that mean what they say, for this library."""

from __future__ import annotations

from typing import Annotated

import typer

from cbvirctl.session import AsJson, Socket, emit, session


def calibrate(
    questions: Annotated[
        int, typer.Option(min=100, max=20_000, help="How many stills to ask with, each twice.")
    ] = 600,
    seed: Annotated[int, typer.Option(min=0, help="Another one asks with other stills.")] = 0,
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """Makes scores mean what they say in this library: asks with edited stills whose answers are known.

    Takes about half a second a question; queries go on.  Holds until the weights change.
    """
    with session(socket, as_json, timeout_s=None) as client:
        document = client.post("/v1/calibrate", questions=questions, seed=seed)
    if as_json:
        emit(document)
        return
    typer.echo(f"{document['answers']} answers to {document['questions']} pictures")
    typer.echo(f"calibration error {document['error_before']:.3f} before, {document['error']:.3f} now")
    typer.echo(
        f"of pictures that are not in the library {100 * document['false_sure']:.1f} % are called a match"
    )
