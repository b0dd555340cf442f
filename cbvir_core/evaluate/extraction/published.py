"""Keyframe extraction as the published code of MoReSo's authors does it, with its defects as switches.

Repository LotusCreme/CBVIR, ``KFE_module/color-based``: every tenth frame; RGB histograms of 6 x 6 x 6
bins of 3 x 3 blocks, unnormalised; parts of 60 s, each with an SVD of rank 60, not centred; a squared cosine
of .9; clusters of at least 30 frames; the middle sample of a cluster; of two keyframes that are alike at the
border of two parts the earlier is deleted.  None of these numbers is in the paper.

Two things are different here.  A part without a keyframe ends the published code with an IndexError; here it
has none.  Times are those of the container, not frame numbers divided by a rate and cut to whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import probe, read_frames
from cbvir_core.evaluate.extraction.clusters import (
    UNSTATED_FRAMES_PER_S,
    SampleVector,
    cluster_sizes,
    middle_samples,
)
from cbvir_core.types import Frame, Image

FRAME_STEP = 10
"""Every tenth frame is a sample."""

PART_S = 60.0
PUBLISHED_RANK = 60
SQUARED_COSINE = 0.9
"""That of `main_multiplevideo.py`; the graphical program has .95."""

CLUSTER_FRAMES = 30
SHORT_PART_SAMPLES = 100
COLOUR_BINS = 6

KMEANS_CLUSTERS = 12
"""Clusters of a part in the form with k-means, as `main_multiplevideo.py` names them."""

KMEANS_SAMPLES = 2
"""Samples of a cluster, at least, in that form."""

KMEANS_SEED, KMEANS_ROUNDS, KMEANS_DRAWS = 42, 300, 10


@dataclass(frozen=True, slots=True)
class PublishedCode:
    """The published extraction.  Each of the first three is a defect, and can be mended by itself.

    - `three_rows`: ``cv2.calcHist`` gets the block without a list around it, and so takes each row for a
      picture: the joint histogram is that of the values of the first three rows, whatever their channel.
    - `swapped_sides`: height and width are swapped where the whole frame is cut out, so that of a frame
      wider than high only the left square is looked at.
    - `short_part_one_keyframe`: a part of fewer than 100 samples (33 s) has one keyframe, its last sample.
    - `project`: whether the SVD is done at all; without it raw histograms are compared.
    - `clusters`: k-means of so many clusters in each part, in the place of dynamic clustering (None).  The
      published code has that too, with 12: histograms and k-means are what the paper calls VSUMM.
    """

    three_rows: bool = True
    swapped_sides: bool = True
    short_part_one_keyframe: bool = True
    project: bool = True
    clusters: int | None = None

    def times(self, path: Path, least: float = SQUARED_COSINE) -> list[float]:
        """Return the times of the keyframes, in seconds.  Raise what `read_frames` raises."""
        rate = probe(path).frames_per_s or UNSTATED_FRAMES_PER_S
        length = samples_of_part(rate)
        with read_frames(path, samples_per_s=rate / FRAME_STEP, mode="every") as frames:
            return self.choose(frames, length, least)

    def choose(self, samples: Iterable[Frame], length: int, least: float = SQUARED_COSINE) -> list[float]:
        """Return the times of the keyframes among samples, of which `length` are a part."""
        times_s, histograms = [], []
        for frame in samples:
            times_s.append(frame.time_s)
            histograms.append(self.histogram(frame.image))
        return self.choose_described(times_s, histograms, length, least)

    def choose_described(
        self,
        times_s: Sequence[float],
        histograms: Sequence[SampleVector],
        length: int,
        least: float = SQUARED_COSINE,
    ) -> list[float]:
        """Return what `choose` returns, for samples whose histograms are known."""
        chosen: list[float] = []
        last: SampleVector | None = None
        for start in range(0, len(times_s), length):
            part = np.stack(histograms[start : start + length])
            positions = self.keyframes_of_part(part, least)
            if not positions:
                last = None
                continue
            if last is not None and _alike(last, part[positions[0]], least):
                chosen.pop()
            chosen += [times_s[start + position] for position in positions]
            last = part[positions[-1]]
        return chosen

    def keyframes_of_part(self, histograms: SampleVector, least: float = SQUARED_COSINE) -> list[int]:
        """Return the samples of a part that are keyframes; `histograms` is N x 1,944."""
        if self.short_part_one_keyframe and len(histograms) < SHORT_PART_SAMPLES:
            return [len(histograms) - 1]
        rows = _projected(histograms) if self.project else histograms
        if self.clusters is not None:
            return _kmeans_samples(rows, min(self.clusters, len(rows)))
        return middle_samples(cluster_sizes(rows, least), CLUSTER_FRAMES // FRAME_STEP)

    def histogram(self, image: Image) -> SampleVector:
        """Return the nine joint RGB histograms of a frame one after the other, counts of pixels: 1,944."""
        height, width = image.shape[:2]
        seen = image[:width, :height] if self.swapped_sides else image
        rows, columns = (-(-side // 3) for side in seen.shape[:2])
        blocks = (
            seen[top * rows : (top + 1) * rows, left * columns : (left + 1) * columns]
            for top in range(3)
            for left in range(3)
        )
        return np.concatenate([self._counts(block) for block in blocks])

    def _counts(self, block: Image) -> SampleVector:
        pictures = [np.ascontiguousarray(row) for row in block[:3]] if self.three_rows else [block]
        if not block.size or len(pictures) not in (1, 3):
            return np.zeros(COLOUR_BINS**3, np.float32)
        counts = cv2.calcHist(pictures, [0, 1, 2], None, [COLOUR_BINS] * 3, [0, 256] * 3)
        return np.asarray(counts, np.float32).ravel()


def samples_of_part(frames_per_s: float) -> int:
    """Return how many samples a part of a film has."""
    return max(1, -(-int(PART_S * frames_per_s) // FRAME_STEP))


def _kmeans_samples(rows: SampleVector, count: int) -> list[int]:
    """Return the sample after the middle one of each cluster of two at least, in the order of time."""
    cv2.setRNGSeed(KMEANS_SEED)
    until = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, KMEANS_ROUNDS, 1e-6)
    points = np.ascontiguousarray(rows, np.float32)
    no_labels = np.zeros(0, np.int32)
    _, labels, _ = cv2.kmeans(points, count, no_labels, until, KMEANS_DRAWS, cv2.KMEANS_PP_CENTERS)
    members = (np.flatnonzero(labels.ravel() == cluster) for cluster in range(count))
    return sorted(int(own[(len(own) + 1) // 2]) for own in members if len(own) >= KMEANS_SAMPLES)


def _projected(histograms: SampleVector) -> SampleVector:
    """Return the coordinates of the rows in their first singular vectors: V S of X^T = U S V^T."""
    rows = np.asarray(histograms, np.float64)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    largest = slice(None, -min(PUBLISHED_RANK, len(rows)) - 1, -1)
    scales: SampleVector = np.sqrt(np.maximum(values[largest], 0.0))
    return vectors[:, largest] * scales


def _alike(one: SampleVector, other: SampleVector, least: float) -> bool:
    first, second = (np.asarray(row, np.float64) for row in (one, other))
    scale = float(first @ first) * float(second @ second)
    return bool(scale) and float(first @ second) ** 2 / scale > least
