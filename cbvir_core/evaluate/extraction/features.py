"""Keyframes by the features of whole frames: their colours as they are, or those of a network (Table II).

As in ``KFE_module/DL_based_KFE.py`` of MoReSo's authors: every fifteenth frame, dynamic clustering over the
whole video, a squared cosine of .98, clusters of at least two samples, and the middle sample.

One thing is different here: that code gives torchvision's networks BGR frames of full size, minus the means
of another framework and undivided by the deviation; here they get what they were trained with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import probe, read_frames
from cbvir_core.embed import Encoder
from cbvir_core.evaluate.extraction.clusters import (
    UNSTATED_FRAMES_PER_S,
    SampleVector,
    cluster_sizes,
    middle_samples,
)
from cbvir_core.evaluate.networks import DESCRIBE_BATCH_PICTURES
from cbvir_core.types import Frame

FEATURE_FRAME_STEP = 15
FEATURE_SQUARED_COSINE = 0.98
FEATURE_CLUSTER_SAMPLES = 2

RAW_COLOUR_SIDE = 320
"""Longer side of the picture whose RGB values are the raw colour.  The paper does not define raw colour."""

DescribeSamples = Callable[[Iterator[Frame]], Iterator[tuple[float, SampleVector]]]
"""From samples to their times and features."""


def raw_colour_times(path: Path, least: float = FEATURE_SQUARED_COSINE) -> list[float]:
    """Return the times of keyframes by the RGB values of frames.  Raise what `read_frames` raises."""
    return _times(path, _colours, least)


def network_times(path: Path, encoder: Encoder, least: float = FEATURE_SQUARED_COSINE) -> list[float]:
    """Return the times of keyframes by the features of a network.  Raise what `read_frames` raises."""

    def described(frames: Iterator[Frame]) -> Iterator[tuple[float, SampleVector]]:
        while batch := list(islice(frames, DESCRIBE_BATCH_PICTURES)):
            rows = encoder.encode([frame.image for frame in batch])
            yield from zip((frame.time_s for frame in batch), rows, strict=True)

    return _times(path, described, least)


def _times(path: Path, describe: DescribeSamples, least: float) -> list[float]:
    rate = probe(path).frames_per_s or UNSTATED_FRAMES_PER_S
    times_s: list[float] = []

    def vectors(described: Iterable[tuple[float, SampleVector]]) -> Iterator[SampleVector]:
        for time_s, vector in described:
            times_s.append(time_s)
            yield vector

    with read_frames(path, samples_per_s=rate / FEATURE_FRAME_STEP, mode="every") as frames:
        sizes = cluster_sizes(vectors(describe(iter(frames))), least)
    return [times_s[position] for position in middle_samples(sizes, FEATURE_CLUSTER_SAMPLES)]


def _colours(frames: Iterator[Frame]) -> Iterator[tuple[float, SampleVector]]:
    for frame in frames:
        height, width = frame.image.shape[:2]
        scale = min(1.0, RAW_COLOUR_SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
        yield frame.time_s, np.asarray(small, np.float32).ravel()
