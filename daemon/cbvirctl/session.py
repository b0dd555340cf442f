"""What every command shares: one connection, one way to print its answer, one way to fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import typer

from cbvir_shared.default_paths import client_socket
from cbvir_shared.error_document import error_document
from cbvir_shared.path_text import as_utf8, printable, shown
from cbvirctl.errors import ClientError

if TYPE_CHECKING:
    from cbvirctl.client import Client, Document


@contextmanager
def session(socket: Path | None, as_json: bool, *, timeout_s: float | None = 600.0) -> Iterator[Client]:
    """Yield a connection to the service; report an error inside and end with its exit code."""
    from cbvirctl.client import Client  # httpx is not needed for --help

    with reporting(as_json), Client(socket or client_socket(), timeout_s=timeout_s) as client:
        yield client


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """Report a `ClientError` and end with its exit code."""
    try:
        yield
    except ClientError as error:
        report(error, as_json)
        raise typer.Exit(error.exit_code) from None


def report(error: ClientError, as_json: bool) -> None:
    """Print what went wrong: as a sentence on stderr, or as the service's error document on stdout."""
    if as_json:
        emit(error_document(error.code, str(error), retry=error.retry))
    else:
        # Names of files may hold codes for terminals.
        text = "\n".join(map(printable, f"cbvirctl: {error}".split("\n")))
        typer.secho(text, err=True, fg=typer.colors.RED)


def emit(document: Document) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(document, indent=2 if os.isatty(1) else None, ensure_ascii=False))


def note(text: str) -> None:
    """Print a remark on stderr."""
    typer.secho(text, err=True, dim=True)


def reference(text: str) -> str:
    """Return what names a video to the service.  A path becomes absolute: the service has another folder."""
    looks_like_path = os.sep in text or text.startswith((".", "~")) or (text and Path(text).exists())
    # Without `..`, as paths are stored; Path.absolute() keeps it.
    if not looks_like_path:
        return as_utf8(text)
    path = os.path.abspath(expanded(text))  # noqa: PTH100
    # A name that was copied from a table is text already; that of a file which is there is not.
    return shown(path) if os.path.lexists(path) else as_utf8(path)


def expanded(text: str) -> Path:
    """Return a path with the home folder for ``~``.

    It stays as it is where a file of this very name exists, and where there is no such user.
    """
    path = Path(text)
    with suppress(RuntimeError):
        return path if path.exists() else path.expanduser()
    return path


def segment(text: str) -> str:
    """Return the text as one path segment of a URL."""
    return quote(text, safe="")
