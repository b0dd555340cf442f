"""Long work of an index, ended early where the index is being closed."""

from __future__ import annotations

import threading
from collections.abc import Callable

Pause = Callable[[], None]
"""Called by long work, every second at least; it may raise, which ends the work."""


class BuildInterrupted(Exception):
    """The index is being closed while it is at work.  Never leaves this package."""


def no_pause() -> None:
    """Go on."""


def pause_until(stopping: threading.Event) -> Pause:
    """Return what raises BuildInterrupted once the event is set."""

    def pause() -> None:
        if stopping.is_set():
            raise BuildInterrupted

    return pause
