"""``cbvirctl query``: the question that cbvir is for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cbvirctl.errors import MATCH, NO_MATCH, BadInput, Usage
from cbvirctl.session import AsJson, Socket, emit, reference, session, telling


def query(
    picture: Annotated[str, typer.Argument(help="A picture file, or - to read it from stdin.")],
    top: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="How many scenes at most; 10 unless config.toml says otherwise."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Ask with this part only, in pixels of the picture.")
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="PATH", help="Search this folder or video only (repeatable)."),
    ] = None,
    open_player: Annotated[bool, typer.Option("--open", help="Start a player at the best hit.")] = False,
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """In which video, and when, does this picture appear?

    Exit code 0: found; 1: nothing that deserves the name of a match.
    """
    with telling(as_json):
        data = _read(picture)
        _check_region(region)
    with session(socket, as_json) as client:
        folders = [reference(text) for text in within or ()]
        # `in` is a keyword, so it cannot be written as an argument.
        try:
            document = client.post("/v1/query", data, top=top, region=region, **{"in": folders or None})
        except BadInput as error:  # the service was sent bytes and does not know the file
            raise error.about("stdin" if picture == "-" else picture) from None
        _show(document, as_json)
        if open_player and document["results"]:
            from cbvirctl.player import play

            best = document["results"][0]
            play(best["path"], best["time_s"])
    raise typer.Exit(MATCH if document["verdict"] == "match" else NO_MATCH)


def _show(document: dict[str, object], as_json: bool) -> None:
    if as_json:
        emit(document)
        return
    from cbvirctl import render

    render.answer(document)


def _read(picture: str) -> bytes:
    if picture == "-":
        return sys.stdin.buffer.read()
    path = Path(picture).expanduser()
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}.", code="file_unreadable") from None


def _check_region(region: str | None) -> None:
    if region is None:
        return
    numbers = region.split(",")
    if len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise Usage(f"--region wants four whole numbers X,Y,W,H in pixels, not {region!r}.", code="usage")
