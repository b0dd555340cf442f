"""The file that keeps a user's own calibration beside the library it was made on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cbvir_core.errors import ConfigError, StoreError
from cbvir_core.files import no_room, replacing
from cbvir_core.search import ConfidenceModel
from cbvir_core.store import Generation

CALIBRATION_FILE_NAME = "calibration.json"

FORMER_CALIBRATION_FILE_NAME = "belief.json"
"""The name in versions before 0.1.0.  Such a file is read as long as there is none of the new name."""


class CalibrationFile:
    """One JSON file with a confidence model.

    It holds for the weights that it was made with; for other weights it is ignored.
    """

    def __init__(self, path: Path, former: Path | None = None) -> None:
        """`former` is read instead of `path` as long as `path` does not exist."""
        self.path, self._former = path, former

    @classmethod
    def in_folder(cls, folder: Path) -> CalibrationFile:
        """Name the calibration of the library in `folder`."""
        return cls(folder / CALIBRATION_FILE_NAME, former=folder / FORMER_CALIBRATION_FILE_NAME)

    def of(self, generation: Generation) -> ConfidenceModel | None:
        """Return the calibration for a generation's weights; None where none can be read."""
        path = self.path
        if self._former is not None and not path.exists():
            path = self._former
        with suppress(ConfigError, OSError, ValueError, AttributeError):
            made_with = json.loads(path.read_text("utf-8")).get("weights_of")
            if made_with == _fingerprints(generation):
                return ConfidenceModel.load(path)
        return None

    def write(
        self, generation: Generation, confidence: ConfidenceModel, details: Mapping[str, object]
    ) -> None:
        """Keep a calibration for a generation's weights, in place of the one before.

        Raises DiskFull, and StoreError where the file cannot be written for another reason; the
        calibration before is then still there.
        """
        text = confidence.dump({"weights_of": _fingerprints(generation), **details})
        try:
            with no_room(self.path), replacing(self.path) as fresh:
                fresh.write_text(text, "utf-8")
        except OSError as error:
            said = f"cannot be written ({error.strerror}); the calibration before stays in use"
            raise StoreError(said, path=self.path) from error
        if self._former is not None:  # or it would be read again by whoever deletes the new one
            with suppress(OSError):
                self._former.unlink()


def _fingerprints(generation: Generation) -> list[str | None]:
    return [generation.filter, generation.refine]
