"""What every command shares: its two options, one connection, one way to answer and to fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from cbvir_shared.places import client_socket
from cbvirctl.errors import ClientError, Usage

if TYPE_CHECKING:
    from cbvirctl.client import Client, Document

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Socket = Annotated[
    Path | None,
    typer.Option("--socket", envvar="CBVIR_SOCKET", help="The service's socket.", show_default=False),
]


@contextmanager
def session(socket: Path | None, as_json: bool, *, timeout_s: float | None = 600.0) -> Iterator[Client]:
    """A connection to the service; what goes wrong inside is told and becomes the exit code."""
    from cbvirctl.client import Client  # httpx is not needed for --help

    with telling(as_json), Client(socket or client_socket(), timeout_s=timeout_s) as client:
        yield client


@contextmanager
def telling(as_json: bool) -> Iterator[None]:
    """Turns a `ClientError` into its message and its exit code."""
    try:
        yield
    except ClientError as error:
        tell(error, as_json)
        raise typer.Exit(error.exit_code) from None


def tell(error: ClientError, as_json: bool) -> None:
    """Says what went wrong: as a sentence on stderr, or as the contract's error document on stdout."""
    if as_json:
        emit({"error": {"code": error.code, "message": str(error), "retry": error.retry}})
    else:
        typer.secho(f"cbvirctl: {error}", err=True, fg=typer.colors.RED)


def emit(document: Document) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(document, indent=2 if os.isatty(1) else None, ensure_ascii=False))


def note(text: str) -> None:
    """A remark on stderr."""
    typer.secho(text, err=True, dim=True)


def video_of(client: Client, text: str) -> Document:
    """The one video that a path or the beginning of an id names."""
    found: list[dict[str, Any]] = client.get("/v1/videos", video=reference(text))["videos"]
    if len(found) != 1:
        raise Usage(
            f"{text!r} names {len(found)} videos; give its path or more of its id.", code="unknown_video"
        )
    return found[0]


def reference(text: str) -> str:
    """What the service is asked for: paths become absolute, since it has another working folder."""
    looks_like_path = os.sep in text or text.startswith((".", "~")) or (text and Path(text).exists())
    # Without `..`, as paths are stored; Path.absolute() keeps it.
    return os.path.abspath(expanded(text)) if looks_like_path else text  # noqa: PTH100


def expanded(text: str) -> Path:
    """A path, with the home folder for `~`; not where a file of this name is there, or nobody has it."""
    path = Path(text)
    with suppress(RuntimeError):
        return path if path.exists() else path.expanduser()
    return path


def segment(text: str) -> str:
    """One path segment of a URL."""
    return quote(text, safe="")
