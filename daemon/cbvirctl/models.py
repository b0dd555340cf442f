"""``cbvirctl models``: the weight files that the service answers with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cbvirctl.download import downloading
from cbvirctl.errors import Refused, Usage
from cbvirctl.session import AsJson, Socket, emit, note, segment, session

GOOD = "good"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Weight files with their SHA-256.")


def _plain(name: str) -> str:
    if "/" in name or name.startswith("."):
        raise typer.BadParameter(f"{name!r} is no name of a profile.")
    return name


ProfileName = Annotated[
    str, typer.Argument(metavar="PROFILE", callback=_plain, help="moreso, or a name of your own.")
]


@app.command("list")
def list_(as_json: AsJson = False, socket: Socket = None) -> None:
    """Profiles, their files and which one answers."""
    with session(socket, as_json) as client:
        document = client.get("/v1/models")
    _show(document, as_json)


@app.command()
def fetch(profile: ProfileName, as_json: AsJson = False, socket: Socket = None) -> None:
    """Downloads a profile's files; an interrupted download goes on where it stopped."""
    with session(socket, as_json, timeout_s=None) as client, downloading(client.socket, profile):
        document = client.post(f"/v1/models/{segment(profile)}/fetch")
    _show(document, as_json)


@app.command("import")
def import_(
    profile: ProfileName,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Weight files carried here by hand.")
    ],
    as_json: AsJson = False,
    socket: Socket = None,
) -> None:
    """Takes weight files (.safetensors, .pth) into a profile."""
    with session(socket, as_json, timeout_s=None) as client:
        names = [file.name for file in files]
        if not all(names) or len(set(names)) < len(names):
            raise Usage("name files, each of another name", code="usage")
        for file in files:
            client.upload(f"/v1/models/{segment(profile)}/files/{segment(file.name)}", file)
        document = client.post(f"/v1/models/{segment(profile)}/import", file=names)
    _show(document, as_json)


@app.command()
def verify(as_json: AsJson = False, socket: Socket = None) -> None:
    """Checks every file against its recorded SHA-256.

    Exit code 5 where one is not good.
    """
    with session(socket, as_json, timeout_s=None) as client:
        document = client.post("/v1/models/verify")
    _show(document, as_json)
    if any(part["state"] != GOOD for profile in document["profiles"] for part in profile["files"]):
        raise typer.Exit(Refused.exit_code)


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(document)
        return
    from cbvirctl import render

    rows = render.table("profile", "part", "label", "sha-256", "state", "file")
    for profile in document["profiles"]:
        name = profile["name"] + (" *" if profile["name"] == document.get("answering") else "")
        for part in profile["files"]:
            rows.add_row(
                name,
                part["part"],
                part["label"],
                part["sha256"][:16],
                part["state"],
                render.plain(part["path"]),
            )
    render.console().print(rows)
    for remark in document.get("notes", ()):
        note(remark)
