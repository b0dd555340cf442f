"""Whether the process that had a library open before closed it.

Files of the indices that are as they were written are trusted at an opening and verified later, in the
background.  A wrong byte in one of them may end the process before that, and then again after each restart.
So after an end that was none of a closing, every file is verified at the opening.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class CleanEnd:
    """A file that is there as long as a library is open.  The store's lock must be held."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def begin(self, folders: Iterable[Path]) -> None:
        """Mark the library as open; where it was not closed, give the files in `folders` another time.

        A file of another time than that in the manifest is compared with its checksum when it is opened.
        """
        with suppress(OSError):
            if self._marker.exists():
                for folder in folders:
                    for path in folder.rglob("*"):
                        if path.is_file():
                            os.utime(path)
            self._marker.touch()

    def end(self) -> None:
        """Mark the library as closed."""
        with suppress(OSError):
            self._marker.unlink(missing_ok=True)
