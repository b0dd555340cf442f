"""Showing a moment of a video in a player that is installed."""

from __future__ import annotations

import shutil
import subprocess

from cbvirctl.errors import Refused

PLAYERS = (
    ("mpv", "--start={time:.3f}"),
    ("vlc", "--start-time={time:.3f}"),
    ("ffplay", "-ss {time:.3f}"),
)
"""Players, and their option for the start in seconds; the first that is installed is used."""


def play(path: str, time_s: float) -> None:
    """Start a player at `time_s` without waiting for it.  Raises Refused where none is installed."""
    for name, option in PLAYERS:
        program = shutil.which(name)
        if program is not None:
            command = [program, *option.format(time=time_s).split(), path]
            subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            return
    names = ", ".join(name for name, _ in PLAYERS)
    raise Refused(f"no player found to open {path}: install one of {names}.", code="no_player")
