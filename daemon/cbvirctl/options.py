"""Options that commands share.  Two of them every command has; these may stand before the command too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _last_given(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Return the value of an option that a command shares with the groups before it.

    The last one on the command line wins.  The environment (``CBVIR_SOCKET``) counts only where the option
    stands nowhere.
    """
    name = parameter.name or ""
    source = context.get_parameter_source(name)
    given_here = source is not None and source.name == "COMMANDLINE"
    if given_here or context.parent is None:
        return value
    return context.parent.params.get(name, value)  # resolved by the group in the same way


JsonOption = Annotated[
    bool,
    typer.Option("--json", callback=_last_given, help="Print one JSON document to stdout and nothing else."),
]
SocketOption = Annotated[
    Path | None,
    typer.Option(
        "--socket",
        metavar="PATH",
        readable=False,  # whoever may not use it is told so with its advice, as by every other failure
        envvar="CBVIR_SOCKET",
        callback=_last_given,
        help="The socket of the service.",
        show_default=False,
    ),
]


RelativeOption = Annotated[
    bool,
    typer.Option(
        "--relative",
        envvar="CBVIR_RELATIVE",
        help="Show paths relative to their watched folder; --json has them whole.",
    ),
]
ThumbnailsOption = Annotated[
    bool | None,
    typer.Option(
        "--thumbnails/--no-thumbnails",
        envvar="CBVIR_THUMBNAILS",
        help="Show stills beside results; by default in terminals that say that they show pictures.",
        show_default=False,
    ),
]


def accept_common_options(as_json: JsonOption = False, socket: SocketOption = None) -> None:
    """Accept the common options before a command; the callback of a group of commands."""
