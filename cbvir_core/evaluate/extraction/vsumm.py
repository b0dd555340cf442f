"""VSUMM (de Avila, Lopes, da Luz, de Albuquerque Araujo, Pattern Recognition Letters 32, 2011).

1. One frame a second.  Frames of one colour are left out.
2. The feature is a histogram of the hue, 16 bins, of sum 1.
3. k-means.  k is one more than the number of successive samples that are further apart than .5 (Euclidean).
   At the start the samples are divided in the order of time into k groups of equal size.
4. The sample nearest to the centre of each cluster is a keyframe (VSUMM1), or of each cluster of more than
   half the mean size (VSUMM2).
5. Of keyframes that are nearer to each other than .5, the first one stays.

What comes out is a summary for people: step 5 looks at the whole film, so that one keyframe stands for all
shots of like hues.  Histograms of sum 1 are rarely .5 apart: of a film of 57 clips, 29 of 56 cuts add a
cluster, and of the 31 keyframes 7 stay.  So the method finds few shots of a film of many clips.

Its authors published videos and summaries, no program, and the paper's text was not at hand when this was
written: .5 is what others say of it.  A program of the same university (susilvaalmeida's
automatic-video-summarization) has histograms of sum 1 and Euclidean distances too, but .4 in step 3 and .3 in
step 5: `NEAR_DISTANCE`, `NEAR_APART`.  Efficient-CBVIR (dorukbarokas), whose extraction compares the same
block histograms as MoReSo's, calls another method VSUMM: k is 2 % of the frames of a shot, and steps 3 and 5
are missing.  With that share of the film's frames, and the hue of VSUMM, it is `share_times`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import probe, read_frames
from cbvir_core.evaluate.extraction.clusters import UNSTATED_FRAMES_PER_S
from cbvir_core.types import Floats, Image

HUE_BINS = 16
VSUMM_DISTANCE = 0.5
"""Between successive samples, for k, and between keyframes that stay.  Histograms of no common hue are 1.41
apart where each has one hue."""

NEAR_DISTANCE, NEAR_APART = 0.4, 0.3
"""The same two of a public program that follows the paper."""

MONOCHROME_STD = 4.0
"""Standard deviation of all values of a frame below which it is of one colour; the paper says near zero."""

KMEANS_ROUNDS = 100

SHARE_FRAME_STEP = 10
"""Frames from one sample to the next in `share_times`."""

SHARE_OF_FRAMES = 0.02
"""Clusters for each frame, in Efficient-CBVIR."""


def vsumm_times(
    path: Path,
    distance: float = VSUMM_DISTANCE,
    apart: float | None = None,
    *,
    large_clusters_only: bool = False,
) -> list[float]:
    """Return the times of the keyframes in order, in seconds; `vsumm_summary` has the options.

    Raise what `read_frames` raises.
    """
    times_s, rows = _samples(path, 1.0)
    if not times_s:
        return []
    chosen = vsumm_summary(rows, distance, apart, large_clusters_only=large_clusters_only)
    return [times_s[position] for position in chosen]


def share_times(path: Path, share: float = SHARE_OF_FRAMES) -> list[float]:
    """Return the times of keyframes where k is a share of the film's frames; every tenth is a sample.

    Raise what `read_frames` raises.
    """
    rate = probe(path).frames_per_s or UNSTATED_FRAMES_PER_S
    times_s, rows = _samples(path, rate / SHARE_FRAME_STEP)
    if not times_s:
        return []
    count = min(len(rows), max(1, int(share * SHARE_FRAME_STEP * len(rows))))
    return [times_s[position] for position in _nearest_to_centres(rows, count, 0)]


def _samples(path: Path, samples_per_s: float) -> tuple[list[float], Floats]:
    """Return the times of the samples that are not of one colour, and their histograms."""
    times_s, rows = [], [np.zeros((0, HUE_BINS), np.float32)]
    with read_frames(path, samples_per_s=samples_per_s, mode="every") as frames:
        for frame in frames:
            if float(frame.image.std()) >= MONOCHROME_STD:
                times_s.append(frame.time_s)
                rows.append(hue_histogram(frame.image)[None])
    return times_s, np.concatenate(rows)


def hue_histogram(image: Image) -> Floats:
    """Return the histogram of the hue, 16 bins, of sum 1."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    counts = np.asarray(cv2.calcHist([hsv], [0], None, [HUE_BINS], [0, 180]), np.float32).ravel()
    return counts / np.float32(image.shape[0] * image.shape[1])


def vsumm_summary(
    rows: Floats,
    distance: float = VSUMM_DISTANCE,
    apart: float | None = None,
    *,
    large_clusters_only: bool = False,
) -> list[int]:
    """Return the samples that are keyframes, in order, of hue histograms N x 16 in the order of time.

    `distance` is that of successive samples which adds a cluster, `apart` that of keyframes which stay (None:
    the same).
    """
    steps = np.linalg.norm(np.diff(rows, axis=0), axis=1)
    count = min(len(rows), 1 + int((steps > distance).sum()))
    least = len(rows) / count / 2 if large_clusters_only else 0.0
    return _apart(rows, _nearest_to_centres(rows, count, least), distance if apart is None else apart)


def _nearest_to_centres(rows: Floats, count: int, least: float) -> list[int]:
    """Return the row nearest to the centre of each of `count` clusters that has more than `least` rows."""
    if len(rows) == 1:  # which kmeans takes for a column
        return [0]
    labels, centres = _clusters(rows, count)
    chosen = []
    for cluster in np.flatnonzero(np.bincount(labels, minlength=count) > least):
        members = np.flatnonzero(labels == cluster)
        away = np.linalg.norm(rows[members] - centres[cluster], axis=1)
        chosen.append(int(members[int(away.argmin())]))
    return sorted(chosen)


def _clusters(rows: Floats, count: int) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int32]], Floats]:
    """Return the cluster of each row and the centres, count x 16."""
    labels = (np.arange(len(rows)) * count // len(rows)).astype(np.int32).reshape(-1, 1)
    until = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, KMEANS_ROUNDS, 1e-6)
    _, found, centres = cv2.kmeans(rows, count, labels, until, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return np.asarray(found, np.int32).ravel(), np.asarray(centres, np.float32)


def _apart(rows: Floats, chosen: list[int], distance: float) -> list[int]:
    kept: list[int] = []
    for position in chosen:
        if all(np.linalg.norm(rows[position] - rows[other]) >= distance for other in kept):
            kept.append(position)
    return kept
