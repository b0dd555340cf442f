"""``cbvirctl calibrate``: scores that are true probabilities in this library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cbvirctl.errors import Usage
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.progress import progress_bar
from cbvirctl.session import emit, reporting, session
from cbvirctl.tasks import finished_task

MIN_QUESTIONS, MAX_QUESTIONS = 100, 20_000
"""What the service takes; a test holds it to that."""

BETTER = "the new model is better on questions that it was not fitted to, and is used from now on"
NOT_BETTER = "the new model is not better on questions that it was not fitted to: the one before stays in use"
RESET = "the calibration of this library is deleted; scores are those that come with cbvir"
NOTHING_TO_RESET = "this library has no calibration of its own; scores are those that come with cbvir"


def calibrate(
    questions: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Number of frames to ask with, each twice; more fit better and take longer."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Seed of the choice of frames; another seed asks with other frames."),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Go back to the scores that come with cbvir; nothing else.")
    ] = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Fit scores to this library.

    Afterwards a score is the probability of being right here.  The service asks itself with perturbed frames
    whose answers are known.  This takes seconds a question; queries go on.  The result is used where it is
    better than the scores before, and holds until the weights change or --reset.
    """
    with reporting(as_json):
        _check(questions, seed)
    if reset:
        _reset(as_json, socket, alone=questions is None and seed is None)
        return
    with session(socket, as_json) as client, progress_bar("questions") as show:
        document = finished_task(client, "/v1/calibrate", show, questions=questions, seed=seed)
    if as_json:
        emit(document)
        return
    typer.echo(_summary(document))


def _check(questions: int | None, seed: int | None) -> None:
    """Refuse numbers that the service would refuse.  Raises Usage."""
    if questions is not None and not MIN_QUESTIONS <= questions <= MAX_QUESTIONS:
        wrong = "too few to fit scores to" if questions < MIN_QUESTIONS else "too many"
        wanted = f"--questions wants {MIN_QUESTIONS} to {MAX_QUESTIONS:,}"
        raise Usage(f"{questions} questions are {wrong}; {wanted}.", code="bad_request")
    if seed is not None and seed < 0:
        raise Usage(f"--seed wants a number of 0 or more, not {seed}.", code="bad_request")


def _summary(document: dict[str, Any]) -> str:
    """Return what was found out, and which model judges answers now."""
    false_per_cent = 100 * document["false_sure"]
    lines = [
        f"{document['answers']} answers to {document['questions']} pictures",
        f"calibration error {document['error_before']:.3f} before, {document['error']:.3f} of the new model",
        f"log loss {document['log_loss_before']:.3f} before, {document['log_loss']:.3f} of the new model",
        BETTER if document["applied"] else NOT_BETTER,
        f"of pictures that are not in the library {false_per_cent:.1f} % are called a match",
    ]
    return "\n".join(lines)


def _reset(as_json: bool, socket: Path | None, *, alone: bool) -> None:
    """Let the service go back to the shipped model."""
    with session(socket, as_json) as client:
        if not alone:
            raise Usage("--reset asks no questions; leave out --questions and --seed.", code="usage")
        document = client.delete("/v1/calibration")
    if as_json:
        emit(document)
    else:
        typer.echo(RESET if document["deleted"] else NOTHING_TO_RESET)
