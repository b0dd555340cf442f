"""The frames of a video without the bars that it has from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from cbvir_core.borders.video import find_borders
from cbvir_core.errors import DecodeError
from cbvir_core.types import Box, Frame


def borders_of(path: Path, max_side: int, looked: Callable[[], None] = lambda: None) -> Box | None:
    """Where the picture lies in every frame that is read with this `max_side`; None without bars.

    `looked` is called after each frame that was looked at: it may take a minute on a slow machine.

    None as well where looking for them fails: whatever is wrong with the file, reading it will tell.
    """
    with suppress(DecodeError):
        return find_borders(path, max_side=max_side, looked=looked)
    return None


def without_borders(frames: Iterable[Frame], box: Box | None) -> Iterator[Frame]:
    """The frames, cut to the box.  A frame that is too small for it, in a video that changes its size, is
    given as it is."""
    for frame in frames:
        if box is None or frame.image.shape[0] < box[3] or frame.image.shape[1] < box[2]:
            yield frame
        else:
            left, top, right, bottom = box
            yield Frame(frame.time, np.ascontiguousarray(frame.image[top:bottom, left:right]))
