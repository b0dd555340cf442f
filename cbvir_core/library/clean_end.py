"""Whether the process that had a library open before closed it.

Files of the indices that are as they were written are trusted at an opening and verified later, in the
background.  A wrong byte in one of them may end the process before that, and then again after each restart.
So after an end that was none of a closing, every file is verified at the opening.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


class CleanEnd:
    """A file that is there as long as a library is open.  The store's lock must be held."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def begin(self) -> bool:
        """Mark the library as open; return whether it was closed before, and files may be trusted."""
        was_closed = not self._marker.exists()
        with suppress(OSError):
            self._marker.touch()
        return was_closed

    def end(self) -> None:
        """Mark the library as closed."""
        with suppress(OSError):
            self._marker.unlink(missing_ok=True)
