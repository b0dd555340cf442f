"""``cbvirctl query``: in which video, and when, does a picture appear?"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvir_shared.exit_codes import ExitCode
from cbvirctl.errors import BadInput, Usage
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import emit, expanded, note, reference, reporting, session, write_picture

if TYPE_CHECKING:
    from cbvirctl.client import Client


_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_GIF_PICTURE = b"\x21\xf9\x04"
"""What stands before each picture of a GIF that moves: a graphic control extension."""


def query(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE...", help="A picture or a video file, or - to read a picture from stdin."
        ),
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
    as_clip: Annotated[
        bool,
        typer.Option(
            "--clip", help="Ask with all pictures of a GIF, or with several pictures in their order."
        ),
    ] = False,
    open_player: Annotated[
        bool, typer.Option("--open", help="Start a video player at the best hit.")
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a PNG that shows why the best result was found.",
        ),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """In which video, and when, does this picture, this clip, or this row of pictures appear?

    Exit code 0: there is a match; 1: there is none.
    """
    with reporting(as_json):
        _refuse_addresses(pictures)
        if everywhere and top is not None:
            raise Usage("--all names every scene, and --top some; leave out one of them.", code="bad_request")
    if _is_clip(pictures, as_clip, as_json):
        with reporting(as_json):
            _refuse_for_clips(region, everywhere, evidence if len(pictures) > 1 else None)
        from cbvirctl.clip import query_clip
        from cbvirctl.in_order import query_in_order

        if len(pictures) > 1:
            found = query_in_order([expanded(one) for one in pictures], top, within, as_json, socket)
        else:
            found = query_clip(expanded(pictures[0]), top, within, as_json, socket, evidence)
        if open_player and found["results"]:
            best = found["results"][0]
            first = next((one for one in best.get("pictures", ()) if one), best)
            _open(best["path"], first.get("time_s", first.get("start_s")))
        raise typer.Exit(_exit_code(found))
    (picture,) = pictures
    with reporting(as_json):
        data = _read(picture)
        _check_region(region)
    if data[:4] == b"GIF8" and data.count(_GIF_PICTURE) > 1:
        note(f"{picture} is asked by the first of its pictures; --clip asks with all of them")
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


def _is_clip(pictures: list[str], as_clip: bool, as_json: bool) -> bool:
    """Return whether the question is a clip, or pictures in order.  Ends with what is wrong of both."""
    with reporting(as_json):
        if len(pictures) == 1 and (pictures[0] == "-" or not as_clip):
            return pictures[0] != "-" and _names_video(pictures[0])
        if not as_clip:
            raise Usage("several pictures are one question with --clip; without it, give one.", code="usage")
        if len(pictures) > 1 and (videos := [one for one in pictures if _names_video(one)]):
            raise Usage(f"{videos[0]} is a video; a question has one video, or pictures.", code="usage")
        return True


def _refuse_for_clips(region: str | None, everywhere: bool, evidence: Path | None) -> None:
    for_one_picture = {"--region": region, "--all": everywhere, "--evidence": evidence}
    if refused := [name for name, value in for_one_picture.items() if value]:
        raise Usage(
            f"{' and '.join(refused)} ask with a picture, and this is a clip or several.", code="usage"
        )


def _exit_code(document: dict[str, Any]) -> ExitCode:
    return ExitCode.MATCH if document["verdict"] == "match" else ExitCode.NO_MATCH


def _names_video(picture: str) -> bool:
    from cbvirctl.video_files import HEAD_BYTES, is_video

    path = expanded(picture)
    try:
        with path.open("rb") as file:
            return is_video(file.read(HEAD_BYTES))
    except OSError as error:
        raise _unreadable(path, error) from None


def _refuse_addresses(pictures: list[str]) -> None:
    for picture in pictures:
        if _ADDRESS.match(picture) and not Path(picture).exists():
            raise BadInput(
                f"{picture} is an address, and cbvirctl fetches nothing. "
                f"Save the picture first, or pipe it: curl -sL {shlex.quote(picture)} | cbvirctl query -",
                code="file_unreadable",
            )


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
    write_picture(file, drawn)


def _show(document: dict[str, object], as_json: bool, by_video: bool) -> None:
    if as_json:
        emit(document)
        return
    from cbvirctl import answers

    if by_video:
        answers.everywhere(document)
    else:
        answers.answer(document)


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
