"""One result as it is exported, with texts that no format can stumble over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cbvir_shared.path_text import bytes_of

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
"""Characters that begin a new line somewhere, or that XML does not know."""


@dataclass(frozen=True, slots=True)
class ExportedResult:
    """A part of a video: ``start_s <= time_s <= end_s`` in seconds; `time_s` is the moment that was found."""

    video_id: str
    path: str
    start_s: float
    end_s: float
    time_s: float
    label: str

    @property
    def name(self) -> str:
        """The name of the file, on one line."""
        return on_one_line(Path(self.path).name) or self.video_id

    @property
    def address(self) -> str:
        """The file as an address (``file:///…``)."""
        return f"file://{quote(bytes_of(self.path))}"


def on_one_line(text: str) -> str:
    """Return a text with a space for whatever would end its line."""
    return CONTROL_CHARACTERS.sub(" ", text).strip()
