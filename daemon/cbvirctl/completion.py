"""What a shell may complete: the names of known videos, and of profiles of weights."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import typer

from cbvir_shared.default_paths import client_socket
from cbvirctl.errors import ClientError

COMPLETION_VARIABLE = "_CBVIRCTL_COMPLETE"
"""The variable by which a shell asks for completions."""

COMPLETION_TIMEOUT_S = 1.0
"""Seconds that a shell waits for the service at most."""

MAX_COMPLETIONS = 200
"""Names that are offered: more is no help, and takes time."""

PUBLISHED_PROFILES = ("moreso",)
"""Profiles that can be fetched."""

_SPECIAL_IN_BASH = re.compile(r"[^\w@%+=:,./-]")


def complete_video(context: typer.Context, incomplete: str) -> list[str]:
    """Return file names of known videos that begin so; none for a path, which the shell completes itself."""
    if "/" in incomplete or incomplete.startswith(("~", ".")):
        return []
    names: list[str] = []
    with suppress(ClientError, ValueError):  # a shell that completes shows no errors
        names = _names(_socket(context), incomplete)
    return [_as_typed(name) for name in names]


def complete_profile(incomplete: str) -> list[str]:
    """Return the profiles that can be fetched and begin so."""
    return [name for name in PUBLISHED_PROFILES if name.startswith(incomplete)]


def _socket(context: typer.Context) -> Path:
    """Return the socket that the command line names so far, or its groups, else the usual one."""
    given: Any = None
    at: Any = context
    while at is not None and given is None:
        given, at = at.params.get("socket"), at.parent
    return Path(given) if given else client_socket()


def _names(socket: Path, incomplete: str) -> list[str]:
    from cbvirctl.client import Client

    with Client(socket, timeout_s=COMPLETION_TIMEOUT_S) as client:
        page = client.get("/v1/videos", name=incomplete, limit=MAX_COMPLETIONS)
    names = {PurePath(path).name for video in page["videos"] for path in video["paths"]}
    return sorted(name for name in names if name.startswith(incomplete))


def _as_typed(name: str) -> str:
    """Return a name as it is typed in bash, with backslashes; other shells quote it themselves."""
    in_bash = os.environ.get(COMPLETION_VARIABLE) == "complete_bash"
    return _SPECIAL_IN_BASH.sub(r"\\\g<0>", name) if in_bash else name
