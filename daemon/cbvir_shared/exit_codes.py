"""The exit codes of `cbvird` and `cbvirctl`.  They are public and documented: scripts rely on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What an exit code says."""

    MATCH = 0
    """Success; of a query: the picture appears in a known video."""
    NO_MATCH = 1
    """A query found nothing that deserves the name of a match."""
    USAGE = 2
    """The command line, or the configuration, cannot be right."""
    UNREACHABLE = 3
    """No service answers on the socket."""
    BAD_INPUT = 4
    """The input is no readable picture or video."""
    FAILED = 5
    """The service refused or failed."""
    TIMED_OUT = 6
    """It took longer than allowed."""
