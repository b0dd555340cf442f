"""A calibration of a user's own, beside the library it was made on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cbvir_core.errors import ConfigError, StoreError
from cbvir_core.files import no_room, replacing
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.store import Generation


class CalibrationFile:
    """One JSON file.  It holds for the weights that it was made with, and is not looked at for others."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, generation: Generation) -> ConfidenceModel | None:
        """The calibration for a generation's weights; None where there is none that can be read."""
        with suppress(ConfigError, OSError, ValueError, AttributeError):
            made_with = json.loads(self.path.read_text("utf-8")).get("weights_of")
            if made_with == _weights(generation):
                return ConfidenceModel.load(self.path)
        return None

    def write(
        self, generation: Generation, confidence: ConfidenceModel, details: Mapping[str, object]
    ) -> None:
        """Keeps a calibration; it appears whole.

        Raises DiskFull, and StoreError where it cannot be written otherwise; the former one stays.
        """
        text = confidence.dump({"weights_of": _weights(generation), **details})
        try:
            with no_room(self.path), replacing(self.path) as fresh:
                fresh.write_text(text, "utf-8")
        except OSError as error:
            raise StoreError(f"the calibration cannot be written to {self.path}: {error.strerror}") from error


def _weights(generation: Generation) -> list[str | None]:
    return [generation.filter, generation.refine]
