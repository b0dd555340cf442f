"""``cbvirctl videos``, ``keyframes``, ``errors``, ``retry``, ``rescan``: known videos and failed files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvir_shared.path_text import printable
from cbvirctl.completion import complete_video
from cbvirctl.errors import Refused
from cbvirctl.help import ExplainedCommand, ExplainedGroup
from cbvirctl.naming import VIDEOS_AT_ONCE, by_whole_name, video_of
from cbvirctl.options import JsonOption, RelativeOption, SocketOption, accept_common_options
from cbvirctl.session import emit, note, reference, segment, session
from cbvirctl.shown_paths import shown_paths

if TYPE_CHECKING:
    from cbvirctl.client import Client

app = typer.Typer(
    cls=ExplainedGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show or forget known videos; files are never touched.",
    callback=accept_common_options,
)

SHOWN_ID_DIGITS = 12
"""Digits of an id in a list; any unique beginning names the video."""

NOTHING_FAILED = "nothing to try again: no such file has failed"
HOW_TO_TAKE_IN_AGAIN = "the file stays where it is; `cbvirctl retry` with its path or name takes it in again"

VideoArgument = Annotated[
    str,
    typer.Argument(
        metavar="VIDEO",
        autocompletion=complete_video,
        help="A path, the beginning of an id, or a file name or part of a path that only one video has.",
    ),
]
FileArgument = Annotated[
    str,
    typer.Argument(
        metavar="VIDEO",
        autocompletion=complete_video,
        help="A path, the beginning of an id, or a whole file name that only one video has.",
    ),
]


@app.command("list", cls=ExplainedCommand)
def list_(
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="FOLDER", help="Only videos in this folder, at any depth.")
    ] = None,
    relative: RelativeOption = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """List every known video with its state, or those in a folder."""
    with session(socket, as_json) as client:
        document = _all_pages(client, folder)
        shown = shown_paths(client, relative and not as_json)
    if as_json:
        emit(document)
        return
    if not document["videos"]:
        typer.echo("No videos." if folder is None else f"No known video lies in {printable(str(folder))}.")
        return
    from cbvirctl import render
    from cbvirctl.listing import ListedRow, show_listing

    rows = []
    for video in document["videos"]:
        cells = (
            (video["video_id"] or "")[:SHOWN_ID_DIGITS],
            render.coloured(video["state"]),
            render.clock(video["duration_s"]),
            str(video["keyframes"]),
        )
        rows.append(ListedRow(cells, [shown(path) for path in video["paths"]]))
    show_listing(("id", "state", "length", "keyframes"), rows, numbers=("length", "keyframes"))


@app.command(cls=ExplainedCommand)
def show(video: VideoArgument, as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Show one video: its paths, its state, its scenes."""
    with session(socket, as_json) as client:
        found = video_of(client, video)
        frames = _keyframes(client, found)
    if as_json:
        emit(found | {"scenes": frames})
        return
    from cbvirctl import render

    out = render.console()
    for path in found["paths"]:
        out.print(render.plain(path), style="bold")
    length = render.clock(found["duration_s"])
    facts = {"id": found["video_id"], "state": found["state"], "reason": _reason(found), "length": length}
    for key, value in facts.items():
        if value:
            out.print(f"  {key:7}", render.coloured(str(value)))
    out.print(f"  {render.counted(len(frames), 'keyframe')}")
    if frames:
        out.print()
        _show_scenes(frames)


@app.command(cls=ExplainedCommand)
def forget(video: FileArgument, as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Remove what is known of a video.

    The file stays.  Only `cbvirctl retry VIDEO` takes it in again, or a change of the file.
    """
    with session(socket, as_json) as client:
        document = by_whole_name(client, video, lambda named: client.delete("/v1/videos", video=named))
    _report(document, as_json, f"forgot {', '.join(map(printable, document['paths']))}")
    if not as_json:
        note(HOW_TO_TAKE_IN_AGAIN)


def keyframes(
    video: VideoArgument,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the stills as JPEG files into this folder.", file_okay=False),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """List the keyframes of a video."""
    with session(socket, as_json) as client:
        found = video_of(client, video)
        frames = _keyframes(client, found)
        if export is not None:
            _export(client, frames, export)
    if as_json:
        emit({"keyframes": frames})
        return
    if frames:
        _show_scenes(frames)
    else:
        why = str(found["error"] or "").rstrip(".") or f"{found['paths'][0]} is {found['state']}"
        typer.echo(f"No keyframes: {printable(why)}.")


def errors(
    relative: RelativeOption = False, as_json: JsonOption = False, socket: SocketOption = None
) -> None:
    """List what failed, why, and when it is tried again."""
    with session(socket, as_json) as client:
        document = client.get("/v1/errors")
        shown = shown_paths(client, relative and not as_json)
    if as_json:
        emit(document)
        return
    if not document["errors"]:
        typer.echo("No errors.")
        return
    from cbvirctl.listing import ListedRow, show_listing

    rows = []
    for error in document["errors"]:
        cells = (error["code"], str(error["tries"]), _local_time(error["retry_at"]))
        reason = error["message"].removeprefix(error["path"]).strip()
        rows.append(ListedRow(cells, [shown(error["path"])], [reason]))
    show_listing(("code", "tries", "again at"), rows, numbers=("tries",), path_column="file and reason")


def retry(
    video: Annotated[
        str | None,
        typer.Argument(
            metavar="VIDEO",
            autocompletion=complete_video,
            help="Try this file only: a path, the beginning of an id, or a whole file name.",
        ),
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Try failed files again now.

    A partial video that is named is read anew, and a forgotten one is taken in again.
    """
    with session(socket, as_json) as client:
        if video is None:
            document = client.post("/v1/retry")
        else:
            document = by_whole_name(client, video, lambda named: client.post("/v1/retry", video=named))
    from cbvirctl import render

    count = document["count"]
    _report(document, as_json, f"trying {render.counted(count, 'file')} again" if count else NOTHING_FAILED)


def rescan(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Scan every watched folder now."""
    with session(socket, as_json) as client:
        document = client.post("/v1/rescan")
    _report(document, as_json, "every folder is scanned now")


def _keyframes(client: Client, video: dict[str, Any]) -> list[dict[str, Any]]:
    if not video["video_id"]:
        return []
    frames: list[dict[str, Any]] = client.get(f"/v1/videos/{segment(video['video_id'])}/keyframes")[
        "keyframes"
    ]
    return frames


def _all_pages(client: Client, folder: Path | None) -> dict[str, Any]:
    """Return the list of videos, by path, read page by page."""
    under = {} if folder is None else {"under": reference(f"{folder}/")}  # a path also without a slash
    page = client.get("/v1/videos", limit=VIDEOS_AT_ONCE, **under)
    videos = page["videos"]
    while page.get("next") is not None:
        page = client.get("/v1/videos", limit=VIDEOS_AT_ONCE, after=page["next"], **under)
        videos += page["videos"]
    return {"videos": videos, "total": len(videos)}


def _reason(video: dict[str, Any]) -> str:
    """Return why a video is not all searchable, without its path, which stands above."""
    reason = str(video["error"] or "")
    for path in video["paths"]:
        reason = reason.removeprefix(path).lstrip()
    return reason


def _show_scenes(frames: list[dict[str, Any]]) -> None:
    from cbvirctl.listing import ListedRow, show_listing
    from cbvirctl.render import clock

    rows = []
    for frame in frames:
        times = (frame["time_s"], frame["scene_start_s"], frame["scene_end_s"])
        rows.append(ListedRow((frame["keyframe_id"].rpartition(":")[2], *map(clock, times))))
    columns = ("keyframe", "time", "scene from", "to")
    show_listing(columns, rows, numbers=columns)


def _export(client: Client, frames: list[dict[str, Any]], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for frame in frames:
            number = int(frame["keyframe_id"].rpartition(":")[2])
            name = f"{number:05d}-{frame['time_s']:.3f}s.jpg"
            (folder / name).write_bytes(
                client.get_bytes(f"/v1/keyframes/{segment(frame['keyframe_id'])}.jpg")
            )
    except OSError as error:
        raise Refused(f"cannot write to {folder}: {error.strerror}.", code="file_unwritable") from None
    from cbvirctl.render import counted

    note(f"{counted(len(frames), 'picture')} in {folder}")


def _local_time(moment: float | None) -> str:
    from datetime import datetime

    return "never" if moment is None else datetime.fromtimestamp(moment).strftime("%d %b %H:%M:%S")


def _report(document: dict[str, Any], as_json: bool, text: str) -> None:
    emit(document) if as_json else typer.echo(text)
