"""Commands of the contract that a later release brings: each says so, exit code 5."""

from __future__ import annotations

import typer

from cbvirctl.errors import Refused
from cbvirctl.session import AsJson, Socket, telling

COMMANDS = {
    "backup": "Writes a snapshot (not in this release).",
    "restore": "Puts a snapshot back (not in this release).",
    "doctor": "Checks this installation (not in this release).",
    "bench": "Measures this machine (not in this release).",
}


def register(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    for name, text in COMMANDS.items():
        app.command(name, help=text, context_settings={"allow_extra_args": True})(_refusal(name))


def _refusal(name: str):  # type: ignore[no-untyped-def]  # Typer reads the inner signature
    def command(as_json: AsJson = False, socket: Socket = None) -> None:
        with telling(as_json):
            raise Refused(
                f"`cbvirctl {name}` comes with a later release of cbvir.", code="not_in_this_release"
            )

    return command
