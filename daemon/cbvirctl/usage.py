"""Errors of the command line itself: an unknown option, a missing argument, a number out of range."""

from __future__ import annotations

from collections.abc import Sequence

from typer.exceptions import TyperException

from cbvirctl.errors import Usage
from cbvirctl.session import report


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether ``--json`` stands among the arguments; what follows ``--`` is no option."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def report_usage(error: TyperException, arguments: Sequence[str]) -> int:
    """Tell what is wrong with the command line, and return the exit code.

    It is an error document on stdout where JSON is wanted, and else the usage and a sentence on stderr.
    """
    if wants_json(arguments):
        message = error.format_message().strip().rstrip(".")
        report(Usage(f"{message}.", code="usage"), as_json=True)
    else:
        error.show()  # type: ignore[attr-defined]
    return error.exit_code
