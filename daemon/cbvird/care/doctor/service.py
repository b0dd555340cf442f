"""The running service, its socket, its units, and the page."""

from __future__ import annotations

import json
import shlex
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from cbvir_core.version import VERSION
from cbvir_shared.password import PasswordHash
from cbvird.care.doctor.finding import Finding, fault, good, note
from cbvird.config import Settings

ANSWER_TIMEOUT_S = 10.0
UNIT_FOLDERS = (
    Path("/etc/systemd/system"),
    Path("/usr/local/lib/systemd/system"),
    Path("/usr/lib/systemd/system"),
)
UNIT_NAME = "cbvird.service"


def check_service(settings: Settings) -> Iterator[Finding]:
    """Ask the running service who it is and how it does."""
    path = settings.service.socket
    if not path.exists():
        yield note("service", f"nothing listens at {path}: cbvird does not run")
        return
    if not path.is_socket():
        yield fault("service", f"{path} is no socket", "move it away, or set service.socket to another path")
        return
    try:
        status = _status(path)
    except PermissionError:
        yield fault(
            "service", f"{path} may not be used by this user", "add the user to the group of the service"
        )
    except ConnectionRefusedError:
        advice = "start cbvird; it takes the place of the socket"
        yield fault("service", f"{path} is left of a service that ended", advice)
    except (OSError, ValueError) as error:
        yield fault("service", f"the service at {path} does not answer ({error})", "restart cbvird")
    else:
        yield from _of_status(status)


def _of_status(status: dict[str, object]) -> Iterator[Finding]:
    service, videos, roots = status.get("service"), status.get("videos"), status.get("roots")
    version = service.get("version") if isinstance(service, dict) else None
    if version != VERSION:
        yield fault("service", f"version {version} runs, and {VERSION} is installed", "restart cbvird")
    else:
        yield good("service", f"version {version} runs")
    if isinstance(videos, dict) and (failed := videos.get("failed")):
        yield note("service", f"{failed} files could not be taken in", "cbvirctl errors")
    for root in roots if isinstance(roots, list) else []:
        if isinstance(root, dict) and root.get("state") == "offline":
            yield note("service", f"{root.get('path')} is away: {root.get('reason')}", "mount its disk")
    notes = status.get("notes")
    for said in notes if isinstance(notes, list) else []:
        yield note("service", str(said))


def _status(path: Path) -> dict[str, object]:
    """Return the status document.  Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        connection.connect(str(path))
        connection.sendall(b"GET /v1/status HTTP/1.1\r\nhost: cbvird\r\nconnection: close\r\n\r\n")
        raw = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    if b" 200 " not in head.splitlines()[0]:
        raise ValueError(head.splitlines()[0].decode("latin-1"))
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("the status is no object")
    return document


def check_units(folders: tuple[Path, ...] = UNIT_FOLDERS) -> Iterator[Finding]:
    """Check that installed units start a program that is there."""
    for folder in folders:
        unit = folder / UNIT_NAME
        if not unit.is_file():
            continue
        commands = [
            line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith("ExecStart=")
        ]
        for command in commands:
            program = Path(shlex.split(command.lstrip("@-:+!"))[0])
            if program.is_file():
                yield good("units", f"{unit} starts {program}")
            else:
                advice = "install cbvir there, or correct ExecStart with `systemctl edit --full cbvird`"
                yield fault("units", f"{unit} starts {program}, which is not there", advice)


def check_page(settings: Settings) -> Iterator[Finding]:
    """Check the files that the page in the browser needs."""
    web = settings.web
    if not web.listen:
        return
    if web.password_file is not None:
        try:
            PasswordHash.parse(web.password_file.read_text().strip())
        except (OSError, ValueError) as error:
            advice = f"cbvirctl web --set-password {web.password_file}"
            yield fault("page", f"{web.password_file} holds no password ({error})", advice)
        else:
            yield good("page", f"{web.password_file} holds a password")
    if web.cert_file is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(web.cert_file, web.key_file)
        except (OSError, ssl.SSLError) as error:
            advice = "set web.cert_file and web.key_file to a certificate and its own key"
            yield fault("page", f"{web.cert_file} cannot be used ({error})", advice)
        else:
            yield good("page", f"{web.cert_file} and its key belong together")
