"""Which frames of a video a clip is made of: chunks of about ten seconds, sixteen frames each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Span

CLIP_STEPS = 16
"""Frames of a clip, one for each step of the LSTM (Ravi and Nandakumar, section IV-A)."""

CHUNK_S = 10.0
"""Seconds of a chunk, about (section IV-A: fifteen frames are enough for ten seconds)."""


def step_positions(count: int, steps: int = CLIP_STEPS) -> npt.NDArray[np.int64]:
    """Return `steps` positions that are spread evenly over `count` frames, ascending.

    Each is the frame in the middle of its part.  Where there are fewer frames than steps, frames repeat, so
    that every clip has `steps` of them.  Raise ValueError without a frame.
    """
    if count < 1 or steps < 1:
        raise ValueError(f"a clip of {steps} steps cannot be made of {count} frames")
    places: npt.NDArray[np.int64] = np.floor((np.arange(steps) + 0.5) * (count / steps)).astype(np.int64)
    return places


def chunk_spans(duration_s: float, chunk_s: float = CHUNK_S) -> list[Span]:
    """Return the spans of equal length, near to `chunk_s`, that a video is cut into; at least one."""
    count = max(1, round(duration_s / chunk_s))
    edges = np.linspace(0.0, max(0.0, duration_s), count + 1).tolist()
    return list(pairwise(edges))
