"""``cbvirctl query``: the question that cbvir is for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvirctl.errors import MATCH, NO_MATCH, BadInput, Usage
from cbvirctl.session import AsJson, Socket, emit, expanded, reference, session, telling

if TYPE_CHECKING:
    from cbvirctl.client import Client


def query(
    picture: Annotated[str, typer.Argument(help="A picture file, or - to read it from stdin.")],
    top: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="How many scenes at most; 10 unless config.toml says otherwise."),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Every scene that is at least likely, by video; not with --top.")
    ] = False,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Ask with this part only, in pixels of the picture.")
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="PATH", help="Search this folder or video only (repeatable)."),
    ] = None,
    open_player: Annotated[bool, typer.Option("--open", help="Start a player at the best hit.")] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a PNG that shows in what the picture and the best hit agree."
        ),
    ] = None,
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
        wanted = {
            "top": top,
            "region": region,
            "in": [reference(text) for text in within or ()] or None,
            "all": everywhere or None,
        }
        try:
            document = client.post("/v1/query", data, **wanted)
        except BadInput as error:  # the service was sent bytes and does not know the file
            raise error.about("stdin" if picture == "-" else picture) from None
        if evidence is not None and document["results"]:
            _write_evidence(client, evidence, data, region, document["results"][0])
        _show(document, as_json, everywhere)
        if open_player and document["results"]:
            _open(document["results"][0])
    raise typer.Exit(MATCH if document["verdict"] == "match" else NO_MATCH)


def _open(best: dict[str, Any]) -> None:
    from cbvirctl.player import play

    with telling(as_json=False):  # the answer has been given: a second document would spoil it
        play(best["path"], best["time_s"])


def _write_evidence(
    client: Client, file: Path, data: bytes, region: str | None, best: dict[str, Any]
) -> None:
    """The picture that a person can show to somebody else."""
    from cbvirctl.render import clock

    points = (best["evidence"] or {}).get("inliers", 0)
    line = f"{clock(best['time_s'])}   {best['verdict']} {best['score']:.2f}   {points} points agree"
    path = f"/v1/keyframes/{best['keyframe_id']}/evidence"
    drawn = client.drawn(path, data, region=region, caption=[best["path"], line])
    try:
        file.expanduser().write_bytes(drawn)
    except OSError as error:
        raise Usage(f"cannot write {file}: {error.strerror}.", code="file_unwritable") from None


def _show(document: dict[str, object], as_json: bool, by_video: bool) -> None:
    if as_json:
        emit(document)
        return
    from cbvirctl import render

    if by_video:
        render.everywhere(document)
    else:
        render.answer(document)


def _read(picture: str) -> bytes:
    if picture == "-":
        return sys.stdin.buffer.read()
    path = expanded(picture)
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
