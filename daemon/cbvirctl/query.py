"""``cbvirctl query``: in which video, and when, does a picture appear?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cbvirctl.errors import Usage
from cbvirctl.options import JsonOption, RelativeOption, SocketOption, ThumbnailsOption
from cbvirctl.question import STDIN, QueryOptions, exit_code_of, names_video, refuse_addresses
from cbvirctl.session import expanded, reporting

QUERY_IN_SHORT = "Ask with a picture, a clip, or many pictures."


def query(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE",
            help="A picture or a video file, - to read a picture from stdin, or with --csv a folder.",
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
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Ask with each of many pictures or of a folder, and print a table."),
    ] = False,
    open_player: Annotated[
        bool,
        typer.Option("--open", help="Start a video player at the best result, if it is at least likely."),
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a picture (.png, .jpg, .webp) that shows why the best result was found.",
        ),
    ] = None,
    relative: RelativeOption = False,
    thumbnails: ThumbnailsOption = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """In which video, and when, does this picture, this clip, or this row of pictures appear?

    Exit code 0: there is a match; 1: there is none.  With --csv 4: a file is no picture that can be read.
    """
    options = QueryOptions(
        top=top,
        everywhere=everywhere,
        region=region,
        within=within or (),
        evidence=evidence,
        open_player=open_player,
        relative=relative,
        thumbnails=thumbnails,
        as_json=as_json,
        socket=socket,
    )
    with reporting(as_json):
        refuse_addresses(pictures)
        options.check()
        if as_csv:
            _refuse_for_many(options, as_clip)
    if as_csv:
        from cbvirctl.many import query_many

        raise typer.Exit(query_many(pictures, options))
    document = _ask(pictures, options, as_clip)
    if open_player:
        from cbvirctl.player import open_best

        with reporting(as_json=False):  # the answer has been printed: stdout must hold one document only
            open_best(document)
    raise typer.Exit(exit_code_of(document))


def _ask(pictures: list[str], options: QueryOptions, as_clip: bool) -> dict[str, Any]:
    """Ask with a picture, a clip, or pictures in order; print the answer and return it."""
    with reporting(options.as_json):
        is_clip = _is_clip(pictures, as_clip)
        if is_clip:
            _refuse_for_clips(options, several=len(pictures) > 1)
    if not is_clip:
        from cbvirctl.picture import query_picture

        return query_picture(pictures[0], options)
    if len(pictures) > 1:
        from cbvirctl.in_order import query_in_order

        return query_in_order(pictures, options)
    from cbvirctl.clip import query_clip

    return query_clip(expanded(pictures[0]), options)


def _is_clip(pictures: list[str], as_clip: bool) -> bool:
    """Return whether the question is a clip, or pictures in order.  Raises Usage and BadInput."""
    if folders := [one for one in pictures if expanded(one).is_dir()]:
        raise Usage(f"{folders[0]} is a folder; --csv asks with every picture in it.", code="usage")
    if len(pictures) == 1 and (pictures[0] == STDIN or not as_clip):
        return pictures[0] != STDIN and names_video(pictures[0])
    if not as_clip:
        raise Usage(
            "several pictures are one question with --clip, and a question each with --csv.", code="usage"
        )
    if len(pictures) > 1 and (videos := [one for one in pictures if names_video(one)]):
        raise Usage(f"{videos[0]} is a video; a question has one video, or pictures.", code="usage")
    return True


def _refuse_for_clips(options: QueryOptions, *, several: bool) -> None:
    for_one_picture = {
        "--region": options.region,
        "--all": options.everywhere,
        "--evidence": options.evidence if several else None,
    }
    if refused := [name for name, value in for_one_picture.items() if value]:
        verb = "asks" if len(refused) == 1 else "ask"
        raise Usage(
            f"{' and '.join(refused)} {verb} with a picture, and this is a clip or several.", code="usage"
        )


def _refuse_for_many(options: QueryOptions, as_clip: bool) -> None:
    for_one_question = {
        "--json": options.as_json,
        "--clip": as_clip,
        "--open": options.open_player,
        "--evidence": options.evidence,
    }
    if refused := [name for name, value in for_one_question.items() if value]:
        raise Usage(f"--csv does not go with {' and '.join(refused)}; leave one out.", code="usage")
