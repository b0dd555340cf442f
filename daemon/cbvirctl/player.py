"""Showing a moment of a video in a player that is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from cbvir_shared.path_text import path_of
from cbvirctl.errors import Refused
from cbvirctl.render import clock
from cbvirctl.session import note

PLAYERS = (
    ("mpv", "--start={time:.3f}"),
    ("vlc", "--start-time={time:.3f}"),
    ("ffplay", "-ss {time:.3f}"),
)
"""Players, and their option for the start in seconds; the first that is installed is used."""


def open_best(document: dict[str, Any]) -> None:
    """Start a player where the best result is, and say so; say why not where it shows nothing.

    A result that is not even likely is not opened, nor a file that is not there.  Raises Refused where no
    player is installed.
    """
    results = document["results"]
    if not results or results[0]["verdict"] == "none":
        note("nothing is opened: no scene is even likely")
        return
    best = results[0]
    if not Path(path_of(best["path"])).exists():
        note(f"nothing is opened: {best['path']} is offline")
        return
    first = next((one for one in best.get("pictures", ()) if one), best)
    time_s = first.get("time_s", first.get("start_s"))
    player = play(best["path"], time_s)
    note(f"{player} opens {best['path']} at {clock(time_s)}")


def play(path: str, time_s: float) -> str:
    """Start a player at `time_s` without waiting for it, and return its name.

    Raises Refused where none is installed.
    """
    for name, option in PLAYERS:
        program = shutil.which(name)
        if program is not None:
            command = [program, *option.format(time=time_s).split(), path_of(path)]
            subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            return name
    names = ", ".join(name for name, _ in PLAYERS)
    raise Refused(f"no player found to open {path}: install one of {names}.", code="no_player")
