"""``cbvirctl models``: the weight files of the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cbvirctl.completion import complete_profile
from cbvirctl.download import downloading
from cbvirctl.errors import Refused, Usage
from cbvirctl.help import ExplainedCommand, ExplainedGroup
from cbvirctl.options import JsonOption, SocketOption, accept_common_options
from cbvirctl.session import emit, note, segment, session

GOOD_STATE = "good"

app = typer.Typer(
    cls=ExplainedGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, download, import or check weight files.",
    callback=accept_common_options,
)


def _plain(name: str) -> str:
    if "/" in name or name.startswith("."):
        raise typer.BadParameter(f"{name!r} cannot name a profile.")
    return name


ProfileName = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        callback=_plain,
        autocompletion=complete_profile,
        help="moreso, or a name of your own.",
    ),
]
PublishedName = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        callback=_plain,
        autocompletion=complete_profile,
        help="A profile whose files their makers publish: moreso.",
    ),
]


@app.command("list", cls=ExplainedCommand)
def list_(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """List profiles, their files, and which one answers queries."""
    with session(socket, as_json) as client:
        document = client.get("/v1/models")
    _show(document, as_json)


@app.command(cls=ExplainedCommand)
def fetch(profile: PublishedName, as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Download the files of a profile.

    An interrupted download goes on where it stopped.
    """
    with session(socket, as_json, timeout_s=None) as client, downloading(client.socket, profile):
        document = client.post(f"/v1/models/{segment(profile)}/fetch")
    _show(document, as_json)


@app.command("import", cls=ExplainedCommand)
def import_(
    profile: ProfileName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Weight files.")],
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Take weight files (.safetensors, .pth) into a profile."""
    with session(socket, as_json, timeout_s=None) as client:
        names = [file.name for file in files]
        if not all(names) or len(set(names)) < len(names):
            raise Usage("two of the files have the same name, or one has none; rename it", code="usage")
        for file in files:
            client.upload(f"/v1/models/{segment(profile)}/files/{segment(file.name)}", file)
        document = client.post(f"/v1/models/{segment(profile)}/import", file=names)
    _show(document, as_json)


@app.command(cls=ExplainedCommand)
def verify(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Compare every file with its recorded SHA-256.

    Exit code 5: a file is not good.
    """
    with session(socket, as_json, timeout_s=None) as client:
        document = client.post("/v1/models/verify")
    _show(document, as_json)
    if any(part["state"] != GOOD_STATE for profile in document["profiles"] for part in profile["files"]):
        raise typer.Exit(Refused.exit_code)


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(document)
        return
    from cbvirctl.listing import ListedRow, show_listing

    rows = []
    for profile in document["profiles"]:
        name = profile["name"] + (" *" if profile["name"] == document.get("answering") else "")
        for part in profile["files"]:
            cells = (name, part["part"], part["label"], part["sha256"][:16], part["state"])
            rows.append(ListedRow(cells, [part["path"]]))
    show_listing(("profile", "part", "label", "sha-256", "state"), rows)
    if document.get("answering"):
        note("* answers queries")
    for remark in document.get("notes", ()):
        note(remark)
