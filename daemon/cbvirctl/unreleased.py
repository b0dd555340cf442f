"""Commands of a later release.  `--help` does not list them; a call says so and ends with exit code 5."""

from __future__ import annotations

from collections.abc import Callable

import typer

from cbvirctl.errors import Refused
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import reporting

UNRELEASED_COMMANDS = {
    "doctor": "Check this installation (not in this release).",
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, hidden from its help."""
    for name, text in UNRELEASED_COMMANDS.items():
        settings = {"allow_extra_args": True}
        app.command(name, help=text, hidden=True, context_settings=settings)(_refusal(name))


def _refusal(name: str) -> Callable[..., None]:
    def command(as_json: JsonOption = False, socket: SocketOption = None) -> None:
        with reporting(as_json):
            raise Refused(
                f"`cbvirctl {name}` comes with a later release of cbvir.", code="not_in_this_release"
            )

    return command
