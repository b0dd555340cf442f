"""The paths of configuration, data and socket where nothing else is configured.

Only the standard library is imported, so that the client starts fast.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/cbvir/config.toml")
SYSTEM_SOCKET = Path("/run/cbvir/cbvir.sock")
SOCKET_NAME = "cbvir.sock"


def config_file() -> Path | None:
    """Return the configuration to use without ``--config``: the user's, else the system's, else None."""
    return next(
        (
            path
            for path in (_xdg("XDG_CONFIG_HOME", ".config") / "config.toml", SYSTEM_CONFIG)
            if path.is_file()
        ),
        None,
    )


def data_dir() -> Path:
    """Return ``$STATE_DIRECTORY`` (set by systemd), else ``$XDG_DATA_HOME/cbvir``."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(state) if state else _xdg("XDG_DATA_HOME", ".local/share")


def socket() -> Path:
    """Return the socket: in ``$RUNTIME_DIRECTORY``, else ``$XDG_RUNTIME_DIR/cbvir``, else the data folder."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if runtime:
        return Path(runtime) / SOCKET_NAME
    xdg_runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(xdg_runtime) / "cbvir" / SOCKET_NAME if xdg_runtime else data_dir() / SOCKET_NAME


def client_socket() -> Path:
    """Return the socket for a client: that of the configuration, else one that exists, else the default."""
    config = config_file()
    configured = _configured_socket(config) if config else None
    if configured is not None:
        return configured
    return next(
        (path for path in (socket(), data_dir() / SOCKET_NAME, SYSTEM_SOCKET) if path.exists()), socket()
    )


def _configured_socket(config: Path) -> Path | None:
    try:
        value = tomllib.loads(config.read_text()).get("service", {}).get("socket")
    except (OSError, ValueError):
        return None  # the service reports what is wrong with its configuration
    return config.parent / Path(value).expanduser() if value else None


def _xdg(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / fallback) / "cbvir"
