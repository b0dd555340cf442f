"""``cbvirctl index``: the index at work, and rebuilding it from the store."""

from __future__ import annotations

import typer

from cbvirctl.session import AsJson, Socket, emit, session

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Segments and tail; rebuilding.")


@app.command()
def status(as_json: AsJson = False, socket: Socket = None) -> None:
    """Segments, tail, tombstones."""
    with session(socket, as_json) as client:
        document = client.get("/v1/index")
    if as_json:
        emit(document)
        return
    for key, value in document.items():
        typer.echo(f"{key:11} {value}")


@app.command()
def rebuild(as_json: AsJson = False, socket: Socket = None) -> None:
    """Builds the index anew from the store while queries go on; returns when it is done."""
    with session(socket, as_json, timeout_s=None) as client:
        document = client.post("/v1/index/rebuild")
    if as_json:
        emit(document)
    else:
        from cbvirctl import render

        made = render.counted(document["segments"], "segment")
        typer.echo(f"rebuilt: generation {document['generation']}, {made}")
