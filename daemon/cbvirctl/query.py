"""``cbvirctl query``: in which video, and when, does a picture appear?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvir_shared.exit_codes import ExitCode
from cbvirctl.errors import BadInput, Usage
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import emit, expanded, reference, reporting, session

if TYPE_CHECKING:
    from cbvirctl.client import Client


def query(
    picture: Annotated[
        str, typer.Argument(help="A picture or a video file, or - to read a picture from stdin.")
    ],
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            metavar="N",
            help="Largest number of scenes; 10 unless config.toml says otherwise.",
        ),
    ] = None,
    everywhere: Annotated[
        bool,
        typer.Option("--all", help="Name all scenes that are at least likely, by video; not with --top."),
    ] = False,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Ask with this part of the picture only; in pixels.")
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="PATH", help="Search this folder or video only; may be repeated."),
    ] = None,
    open_player: Annotated[
        bool, typer.Option("--open", help="Start a video player at the best hit.")
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a PNG that shows in which points the picture and the best frame agree.",
        ),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """In which video, and when, does this picture, or this clip, appear?

    Exit code 0: there is a match; 1: there is none.
    """
    if picture != "-" and _names_video(picture, as_json):
        from cbvirctl.clip import query_clip

        pictures_only = {"--region": region, "--all": everywhere, "--evidence": evidence}
        with reporting(as_json):
            if refused := [name for name, value in pictures_only.items() if value]:
                raise Usage(
                    f"{' and '.join(refused)} ask with a picture, and {picture} is a video.", code="usage"
                )
        found = query_clip(expanded(picture), top, within, as_json, socket)
        if open_player and found["results"]:
            _open(found["results"][0]["path"], found["results"][0]["start_s"])
        raise typer.Exit(_exit_code(found))
    with reporting(as_json):
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
        except BadInput as error:  # the service got bytes and does not know the name of the file
            raise error.about("stdin" if picture == "-" else picture) from None
        if evidence is not None and document["results"]:
            _write_evidence(client, evidence, data, region, document["results"][0])
        _show(document, as_json, everywhere)
        if open_player and document["results"]:
            _open(document["results"][0]["path"], document["results"][0]["time_s"])
    raise typer.Exit(_exit_code(document))


def _exit_code(document: dict[str, Any]) -> ExitCode:
    return ExitCode.MATCH if document["verdict"] == "match" else ExitCode.NO_MATCH


def _names_video(picture: str, as_json: bool) -> bool:
    from cbvirctl.video_files import HEAD_BYTES, is_video

    with reporting(as_json):
        path = expanded(picture)
        try:
            with path.open("rb") as file:
                return is_video(file.read(HEAD_BYTES))
        except OSError as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot read {path}: {error.strerror}.", code="file_unreadable")


def _open(path: str, time_s: float) -> None:
    from cbvirctl.player import play

    with reporting(as_json=False):  # the answer has been printed: stdout must hold one document only
        play(path, time_s)


def _write_evidence(
    client: Client, file: Path, data: bytes, region: str | None, best: dict[str, Any]
) -> None:
    """Write the picture that shows a person why the best hit was found."""
    path = f"/v1/keyframes/{best['keyframe_id']}/evidence"
    verdict = f"{best['verdict']} {best['score']:.2f}, {best['variant']}"
    caption = [verdict, best["path"], *filter(None, [best["time_note"]])]
    drawn = client.post_for_bytes(path, data, time_s=best["time_s"], region=region, caption=caption)
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
        raise _unreadable(path, error) from None


def _check_region(region: str | None) -> None:
    if region is None:
        return
    numbers = region.split(",")
    if len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise Usage(f"--region wants four whole numbers X,Y,W,H in pixels, not {region!r}.", code="usage")
