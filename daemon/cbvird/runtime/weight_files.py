"""The weight files of the service: which profile was taken into use, and whether another one waits."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.embed import Profile, find_profile
from cbvir_core.errors import ModelError


class WeightFiles:
    """The folder of weight files, and what of it was there when the service started.

    Networks are loaded once; files that come later are taken into use by the next start.
    """

    def __init__(self, folder: Path, profile: str, mirror: str = "") -> None:
        self.folder, self.mirror = folder, mirror
        self._profile = profile
        self._in_use = self._found()

    def notes(self) -> list[str]:
        """What to do, if anything, so that the files that are there are used."""
        try:
            found, times = self._found()
        except ModelError as error:
            return [f"{error}; cbvird goes on with what it has loaded, but could not start anew"]
        if (found, times) == self._in_use:
            return []
        if found.trouble and found.trouble != self._in_use[0].trouble:
            return [found.trouble]
        return [f"other weights are there now ({found.name}); restart cbvird to answer with them"]

    def _found(self) -> tuple[Profile, dict[Path, int]]:
        """The profile, and its files with their times of change.  Raises ModelError."""
        profile = find_profile(self._profile, self.folder)
        files = [path for path in (profile.filter, profile.refine) if path is not None]
        return profile, {path: path.stat().st_mtime_ns for path in files}
