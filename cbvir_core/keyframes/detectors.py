"""The keyframe detectors: what one is, and the registry of those that there are.

A new detector is a file of its own and a line in `DETECTORS`; `KeyframeOptions.form` may then be its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cbvir_core.keyframes.moreso import batch_detector, online_detector
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.types import Frame, Keyframe


class KeyframeDetector(Protocol):
    """A method that chooses keyframes from the samples of one video as they arrive.

    `push` takes samples in the order of time.  The spans of the keyframes follow one another without gap or
    overlap, from the first sample to the last.  A detector need not make thumbnails, and is used for one
    video only.
    """

    def push(self, frame: Frame) -> list[Keyframe]:
        """Take a sample; return the keyframes that became certain."""

    def flush(self) -> list[Keyframe]:
        """Return the remaining keyframes at the end of the video."""


DETECTORS: dict[str, Callable[[KeyframeOptions], KeyframeDetector]] = {
    "online": online_detector,
    "batch": batch_detector,
}
"""Every detector by the name that `KeyframeOptions.form` gives it."""


def open_detector(options: KeyframeOptions) -> KeyframeDetector:
    """Return a new detector of the form that the options name.  Raises ValueError for an unknown form."""
    if options.form not in DETECTORS:
        raise ValueError(f"form is {' or '.join(DETECTORS)}, not {options.form!r}")
    return DETECTORS[options.form](options)
