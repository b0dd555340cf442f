"""What a caller may ask a library with, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cbvir_core.decode import read_picture
from cbvir_core.keyframes import ClipDecoding
from cbvir_core.types import Image

QueryPicture = Path | str | bytes | Image
"""A path to a picture, the bytes of a picture file, or an RGB array."""


@dataclass(frozen=True, slots=True)
class QueryRules:
    """How a library takes questions.

    - `read`: reads the bytes of a picture; the service has another process do that.
    - `clips`: decodes the clips that are asked with, likewise.
    - `place`: is held while a question is answered, though not while its picture is read, such as a
      semaphore.
    """

    read: Callable[[bytes], Image] = read_picture
    place: AbstractContextManager[object] = field(default_factory=nullcontext)
    clips: ClipDecoding = field(default_factory=ClipDecoding)

    def picture(self, query: QueryPicture) -> Image:
        """Return the picture as an RGB array.  Raises NotAPicture, FileUnreadable."""
        if isinstance(query, np.ndarray):
            return query
        return self.read(query) if isinstance(query, bytes) else read_picture(query)
