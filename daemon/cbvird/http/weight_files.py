"""The weight files of the service: which are in use, and whether others wait for a restart."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.errors import ModelError
from cbvir_core.weights import Profile, find_profile


class WeightFiles:
    """The folder of weight files, and which of them were there when the service started.

    Networks are loaded once.  Files that come later are used from the next start on.
    """

    def __init__(self, folder: Path, profile: str, mirror: str = "") -> None:
        self.folder, self.mirror = folder, mirror
        self._profile = profile
        self._in_use = self._present()

    def notes(self) -> list[str]:
        """Return what to do so that the present files are used; nothing if they are in use."""
        try:
            found, times = self._present()
        except ModelError as error:
            return [f"{error}; cbvird goes on with what it has loaded, but could not start again"]
        if (found, times) == self._in_use:
            return []
        if found.trouble and found.trouble != self._in_use[0].trouble:
            return [found.trouble]
        return [f"other weights are there now ({found.name}); restart cbvird to answer with them"]

    def _present(self) -> tuple[Profile, dict[Path, int]]:
        """Return the profile, and its files with their times of change.  Raises ModelError."""
        profile = find_profile(self._profile, self.folder)
        files = [path for path in (profile.filter, profile.refine) if path is not None]
        return profile, {path: path.stat().st_mtime_ns for path in files}
