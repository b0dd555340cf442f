"""``cbvirctl web``: the address of the page, and the password for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cbvirctl.errors import Refused, Usage
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.session import emit, note, reporting, session


def web(
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    set_password: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Ask for a password and write its hash to FILE, for web.password_file."
        ),
    ] = None,
    sign_out: Annotated[
        bool, typer.Option("--sign-out", help="Sign every browser out; nothing else.")
    ] = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Print the address of the page in a browser.

    The address signs one browser in, once and within ten minutes.
    """
    alone = {"--sign-out": sign_out, "--set-password": set_password, "--open": open_it}
    with reporting(as_json):
        if len(given := [name for name, value in alone.items() if value]) > 1:
            raise Usage(f"{' and '.join(given)} do not go together; leave one out.", code="usage")
    if set_password is not None:
        with reporting(as_json):
            _set_password(set_password, as_json)
        return
    with session(socket, as_json) as client:
        if sign_out:
            document = client.delete("/v1/web/sessions")
            emit(document) if as_json else note("every browser is signed out")
            return
        document = client.post("/v1/web/token")
        if open_it:
            _open(document["address"])
    if as_json:
        emit(document)
    else:
        typer.echo(document["address"])


def _open(address: str) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        raise Refused(f"no browser could be started; open {address} yourself", code="no_browser")


def _asked_password() -> str:
    """Return the password that is typed twice, or the first line where stdin is no terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _set_password(file: Path, as_json: bool) -> None:
    """Write the hash of a password, readable by the owner and the group."""
    from cbvir_shared.password import PasswordHash

    try:
        line = PasswordHash.of(_asked_password())
    except ValueError as error:
        raise Usage(f"{error}.") from None
    target = file.expanduser()
    try:
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as stream:
            stream.write(f"{line}\n")
        fresh.replace(target)
    except OSError as error:
        raise Usage(f"cannot write {file}: {error.strerror}.", code="file_unwritable") from None
    if as_json:
        emit({"password_file": str(target)})
    else:
        note(f'{file} is written; set [web] password_file = "{target.absolute()}" and restart cbvird')
