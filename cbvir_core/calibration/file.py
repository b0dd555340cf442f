"""The file that keeps a user's own calibration beside the library it was made on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cbvir_core.errors import ConfigError, StoreError
from cbvir_core.files import no_room, replacing
from cbvir_core.json_text import parse_json
from cbvir_core.search import ConfidenceModel
from cbvir_core.store import Generation

CALIBRATION_FILE_NAME = "calibration.json"

FORMER_CALIBRATION_FILE_NAME = "belief.json"
"""The name in versions before 0.1.0, which weighed other figures.  Such a file is never read; it is deleted
with the other."""


class CalibrationFile:
    """One JSON file with a confidence model.

    It holds for the weights that it was made with; for other weights it is ignored.  So is one of a version
    that weighed other figures.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def in_folder(cls, folder: Path) -> CalibrationFile:
        """Name the calibration of the library in `folder`."""
        return cls(folder / CALIBRATION_FILE_NAME)

    def of(self, generation: Generation) -> ConfidenceModel | None:
        """Return the calibration for a generation's weights; None where none can be read."""
        with suppress(ConfigError, OSError, ValueError, AttributeError):
            made_with = parse_json(self.path.read_text("utf-8")).get("weights_of")
            if made_with == _fingerprints(generation):
                return ConfidenceModel.load(self.path)
        return None

    def calibrations(self, generation: Generation) -> int:
        """Return how many calibrations, one after the other, led to the one in use; 0 without any."""
        if self.of(generation) is None:
            return 0
        with suppress(OSError, ValueError, TypeError, AttributeError, OverflowError):
            return int(parse_json(self.path.read_text("utf-8")).get("calibrations", 1))
        return 1

    def details(self, generation: Generation) -> Mapping[str, Any] | None:
        """Return all that was written for a generation's weights; None where it cannot be read."""
        if self.of(generation) is None:
            return None
        with suppress(OSError, ValueError):
            details: Mapping[str, Any] = parse_json(self.path.read_text("utf-8"))
            return details
        return None

    def delete(self) -> bool:
        """Delete the calibration, of whatever weights; return whether there was one.

        Raises StoreError where it cannot be deleted.
        """
        former = self.path.with_name(FORMER_CALIBRATION_FILE_NAME)
        paths = [path for path in (self.path, former) if path.exists()]
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"cannot be deleted ({error.strerror})", path=path) from error
        return bool(paths)

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


def _fingerprints(generation: Generation) -> list[str | None]:
    return [generation.filter, generation.refine]
