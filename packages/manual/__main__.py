"""Write man pages and completion into a folder, as they lie below ``/usr/share``."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.main import get_command

from cbvirctl.__main__ import app
from packages.manual.completion import PLACES, client_completion, service_completion
from packages.manual.pages import client_page, service_page


def made() -> dict[str, str]:
    """Return every file by its path below ``share``."""
    files = {"man/man1/cbvirctl.1": client_page(get_command(app)), "man/man8/cbvird.8": service_page()}
    for shell, place in PLACES.items():
        files[place.format("cbvirctl")] = client_completion(shell)
        files[place.format("cbvird")] = service_completion(shell)
    return files


def write(folder: Path) -> None:
    """Write every file."""
    for name, text in made().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
