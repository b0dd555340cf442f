"""Where configuration, data and socket are unless somebody says otherwise.

Light enough for the client to import: standard library only.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/cbvir/config.toml")
SYSTEM_SOCKET = Path("/run/cbvir/cbvir.sock")
SOCKET_NAME = "cbvir.sock"


def config_file() -> Path | None:
    """The configuration that holds without ``--config``: the user's, else the system's, else none."""
    return next(
        (
            path
            for path in (_xdg("XDG_CONFIG_HOME", ".config") / "config.toml", SYSTEM_CONFIG)
            if path.is_file()
        ),
        None,
    )


def data_dir() -> Path:
    """``$STATE_DIRECTORY`` (set by systemd), else ``$XDG_DATA_HOME/cbvir``."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(state) if state else _xdg("XDG_DATA_HOME", ".local/share")


def socket() -> Path:
    """In ``$RUNTIME_DIRECTORY`` (systemd), else ``$XDG_RUNTIME_DIR/cbvir``, else the data folder."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if runtime:
        return Path(runtime) / SOCKET_NAME
    user = os.environ.get("XDG_RUNTIME_DIR")
    return Path(user) / "cbvir" / SOCKET_NAME if user else data_dir() / SOCKET_NAME


def client_socket() -> Path:
    """Where a client looks: what the configuration names, else a socket that is there, else the default."""
    config = config_file()
    named = _configured_socket(config) if config else None
    if named is not None:
        return named
    return next(
        (path for path in (socket(), data_dir() / SOCKET_NAME, SYSTEM_SOCKET) if path.exists()), socket()
    )


def _configured_socket(config: Path) -> Path | None:
    try:
        value = tomllib.loads(config.read_text()).get("service", {}).get("socket")
    except (OSError, ValueError):
        return None  # the service explains what is wrong with its configuration
    return config.parent / Path(value).expanduser() if value else None


def _xdg(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / fallback) / "cbvir"
