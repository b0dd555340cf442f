"""Shows a moment of a video in whatever player is installed."""

from __future__ import annotations

import shutil
import subprocess

from cbvirctl.errors import Refused

# Each takes the start in seconds; the first that is installed is used.
PLAYERS = (
    ("mpv", "--start={time:.3f}"),
    ("vlc", "--start-time={time:.3f}"),
    ("ffplay", "-ss {time:.3f}"),
)


def play(path: str, time_s: float) -> None:
    """Starts a player at `time_s` and does not wait for it.  Raises Refused when there is none."""
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
