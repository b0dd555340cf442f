"""``cbvirctl index``: the state of the index, and rebuilding it from the store."""

from __future__ import annotations

import typer

from cbvirctl.help import ExplainedCommand, ExplainedGroup
from cbvirctl.options import JsonOption, SocketOption, accept_common_options
from cbvirctl.session import emit, session

app = typer.Typer(
    cls=ExplainedGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show or rebuild the index.",
    callback=accept_common_options,
)


@app.command(cls=ExplainedCommand, short_help="Show segments, tail and tombstones.")
def status(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Show segments, tail and tombstones of the indices of keyframes and of frames."""
    with session(socket, as_json) as client:
        document = client.get("/v1/index")
    if as_json:
        emit(document)
        return
    from cbvirctl.listing import ListedRow, show_listing

    frames = document.pop("frames", None) or {}
    figures = tuple(document)
    rows = [ListedRow(("keyframes", *map(str, document.values())))]
    if frames:
        rows.append(ListedRow(("frames", *(str(frames.get(figure, "")) for figure in figures))))
    show_listing(("index of", *figures), rows, numbers=figures)


@app.command(cls=ExplainedCommand, short_help="Build both indices anew from the store.")
def rebuild(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Build the indices of keyframes and of frames anew from the store.

    Queries go on meanwhile.  The command returns when they are built.
    """
    with session(socket, as_json, timeout_s=None) as client:
        document = client.post("/v1/index/rebuild")
    if as_json:
        emit(document)
    else:
        from cbvirctl import render

        made = render.counted(document["segments"], "segment")
        typer.echo(f"rebuilt: generation {document['generation']}, {made}")
