"""The TCP socket of the page: opening it, and checking certificate and password before the service starts."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbvir_core.errors import ConfigError
from cbvir_shared.password import PasswordHash
from cbvird.config import WebSettings
from cbvird.http.unix_socket import LISTEN_BACKLOG
from cbvird.runtime.page_access import PageAccess
from cbvird.runtime.sessions import Sessions


@contextmanager
def page_socket(settings: WebSettings) -> Iterator[socket.socket | None]:
    """Yield the socket to serve the page on; None where there is no page.

    Raises ConfigError where the address, the certificate or its key cannot be used.
    """
    if not settings.listen:
        yield None
        return
    if settings.cert_file is not None:
        _check_certificate(settings.cert_file, settings.key_file)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=LISTEN_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"web.listen = {settings.listen!r} cannot be used: {error.strerror or error}; choose another one"
        ) from error
    with listener:
        yield listener


def page_access(settings: WebSettings, listener: socket.socket, data_dir: Path) -> PageAccess:
    """Return who may open the page that is served on `listener`.

    Raises ConfigError for a password file that cannot be used.
    """
    password = None if settings.password_file is None else _read_password(settings.password_file)
    scheme = "http" if settings.cert_file is None else "https"
    host = settings.host if settings.host not in ("0.0.0.0", "::") else settings.hosts[0].lower()
    host = f"[{host}]" if ":" in host else host
    return PageAccess(
        address=f"{scheme}://{host}:{listener.getsockname()[1]}",
        hosts=frozenset(name.lower() for name in settings.hosts),
        sessions=Sessions(data_dir / "page.key", str(password or "")),
        password=password,
    )


def _check_certificate(cert_file: Path, key_file: Path | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for file in (cert_file, key_file):
        try:
            if file is not None:
                file.read_bytes()
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", path=file) from error
    try:
        context.load_cert_chain(cert_file, key_file, password=lambda: "")  # or it asks on the terminal
    except ssl.SSLError as error:
        raise ConfigError(
            f"and its key {key_file} cannot be used for TLS: {error.reason or error}", path=cert_file
        ) from error


def _read_password(file: Path) -> PasswordHash:
    try:
        if file.stat().st_mode & stat.S_IRWXO:
            raise ConfigError("can be read by everybody; run chmod o= on it", path=file)
        return PasswordHash.parse(file.read_text())
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=file) from error
    except ValueError:
        raise ConfigError(
            f"holds no password; `cbvirctl web --set-password {file}` writes one", path=file
        ) from None
