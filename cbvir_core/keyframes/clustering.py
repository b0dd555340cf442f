"""Dynamic clustering of samples in the order of time (MoReSo, Algorithm 1).

The paper leaves some things open and contradicts itself in others.  These are the decisions, made on drawn
films.  The figures are shots found / redundant keyframes (`cbvir_core.keyframes.accuracy`), and ``python -m
bench.measure.keyframes`` prints them.

- The algorithm as printed joins a vector when the cosine is *at most* the threshold.  With a cosine
  similarity (equation 2) that joins what differs; here a sample joins when it is at least that.
- As printed, the old centroid is compared with the new one.  After n samples one more moves the
  centroid by 1/n, so the longer a shot lasts, the less a new scene is noticed: .875 / .051,
  .911 / .121 and .938 / .217 at thresholds of .99, .998 and .999.  Comparing the sample itself with the
  centroid gives .995 / .116 at .92.
- Squaring the cosine, as the published code does, only renames the threshold: .9 becomes .81.
- The printed second branch starts a cluster with two vectors without comparing them.  Here a sample that
  does not fit starts a candidate cluster, which becomes the running one when it has lasted `min_scene_s`.
  If samples fit the running cluster again before that, it was a flash.  If a sample fits neither cluster, as
  in a dissolve or under a fast pan, the candidate is started anew; after `UNSETTLED_SCENES` times
  `min_scene_s` of that, a new scene has begun all the same.
- Colours stay the same where a camera goes round a thing or turns over one texture.  So a sample that fits
  by colour must also fit the cluster's layout (`cbvir_core.keyframes.layout`); otherwise a part of the scene
  ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cbvir_core.keyframes.basis import Basis
from cbvir_core.keyframes.histogram import Vector
from cbvir_core.keyframes.layout import likeness
from cbvir_core.keyframes.select import FrameSample, KeyframeCandidates, cosine
from cbvir_core.types import Keyframe

UNSETTLED_SCENES = 2
"""Multiple of `min_scene_s` without a cluster that lasts, after which a new scene begins all the same."""

LAYOUT_GRACE_S = 2.0
"""Seconds for which a cluster may change its layout: a camera that moves all the time gets one keyframe in
this time.  At 1.0, .995 / .143, and 18.6 keyframes a minute of real clips instead of 17.8."""


class Cluster:
    """Samples that look alike: the sum of their vectors, and the best few of them.

    The sum is that of raw vectors, because the basis changes.  Plain black and white samples count only
    while there are no others.
    """

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s  # of the span
        self.first_s = start_s  # of the samples that count
        self.black_or_white = True  # so far it has no other sample
        self._beginning: Vector | None = None
        self._sum: Vector = np.zeros(1, np.float32)
        self._candidates = KeyframeCandidates()

    def add(self, sample: FrameSample) -> None:
        """Add a sample."""
        if sample.quality.black_or_white and not self.black_or_white:
            return
        if self.black_or_white and not sample.quality.black_or_white:
            self._sum, self._candidates = np.zeros(1, np.float32), KeyframeCandidates()
            self.black_or_white = False
            self.first_s = sample.time_s
            self._beginning = sample.layout
        self._sum = self._sum + sample.vector
        self._candidates.offer(sample, self._sum)

    def similarity(self, sample: FrameSample, basis: Basis) -> float:
        """Return the cosine of the sample and the centroid, both projected on the basis."""
        return cosine(basis.project(sample.vector), basis.project(self._sum))

    def keeps_its_layout(self, sample: FrameSample, min_similarity: float) -> bool:
        """Return whether things are where they were when the cluster began, or it began less than
        `LAYOUT_GRACE_S` ago."""
        if self._beginning is None or sample.time_s - self.first_s < LAYOUT_GRACE_S:
            return True
        return likeness(sample.layout, self._beginning) >= min_similarity

    def keyframe(self, end_s: float) -> Keyframe:
        """Return the cluster's keyframe, with the span up to `end_s`.  There must be a sample."""
        best = self._candidates.best(self._sum)
        return Keyframe(best.time_s, self.start_s, end_s, best.frame.image, best.quality.value)


@dataclass(slots=True)
class _CandidateScene:
    """What may become the next scene: since when no sample fitted, and the present candidate cluster."""

    since_s: float
    cluster: Cluster


class DynamicClustering:
    """The clusters of one video: `add` every sample, `finish` at the end; both return keyframes.

    Spans follow one another without gap or overlap, from the first sample to the last.  Black and
    white samples belong to the scene that lasts: they neither divide a scene nor make one.
    """

    def __init__(
        self, similarity: float, min_scene_s: float, max_gap_s: float, layout_similarity: float = 0.0
    ) -> None:
        self._similarity, self._layout_similarity = similarity, layout_similarity
        self._min_scene_s, self._max_gap_s = min_scene_s, max_gap_s
        self._running: Cluster | None = None
        self._candidate: _CandidateScene | None = None
        self._last_s = self._step_s = 0.0

    def add(self, sample: FrameSample, basis: Basis) -> list[Keyframe]:
        """Judge one sample; return the keyframes of scenes that are now known to be over."""
        now = sample.time_s
        if self._running is None:
            self._running, self._last_s = Cluster(now), now
        self._last_s, self._step_s = now, now - self._last_s
        running, closed = self._settle(self._running, now)
        if now - running.start_s >= self._max_gap_s:
            closed.append(running.keyframe(now))
            running, self._candidate = Cluster(now), None
        self._candidate = self._place(sample, running, basis)
        self._running = running
        return closed

    def finish(self) -> list[Keyframe]:
        """Return the keyframes of the scenes that are still open; none if there was no sample."""
        if self._running is None:
            return []
        # The last frame is shown for about as long as the one before.
        last, closed = self._settle(self._running, self._last_s + self._step_s)
        self._running = self._candidate = None
        return [*closed, last.keyframe(self._last_s)]

    def _settle(self, running: Cluster, now: float) -> tuple[Cluster, list[Keyframe]]:
        """Return the cluster that runs from `now` on, and the keyframes of what closed.

        Time alone makes a candidate a scene.
        """
        candidate = self._candidate
        if candidate is None:
            return running, []
        successor, overdue = candidate.cluster, now - running.start_s >= self._max_gap_s
        if now - successor.first_s < self._min_scene_s and not overdue:
            if now - candidate.since_s < UNSETTLED_SCENES * self._min_scene_s:
                return running, []
            successor.start_s = successor.first_s = candidate.since_s
        self._candidate = None
        if overdue or candidate.since_s - running.first_s >= self._min_scene_s:
            return successor, [running.keyframe(successor.start_s)]
        # Too small a cluster (first frames of a film, a fade from black): part of what follows.
        successor.start_s = running.start_s
        return successor, []

    def _place(self, sample: FrameSample, running: Cluster, basis: Basis) -> _CandidateScene | None:
        """Add the sample to the running cluster or to a candidate; return the candidate, if any."""
        candidate = self._candidate
        if running.black_or_white or sample.quality.black_or_white:
            running.add(sample)
            return None
        if candidate is not None and self._fits(candidate.cluster, sample, basis):
            candidate.cluster.add(sample)
            return candidate
        if self._fits(running, sample, basis):
            running.add(sample)
            return None
        successor = Cluster(sample.time_s)
        successor.add(sample)
        return _CandidateScene(candidate.since_s if candidate else sample.time_s, successor)

    def _fits(self, cluster: Cluster, sample: FrameSample, basis: Basis) -> bool:
        alike = cluster.similarity(sample, basis) >= self._similarity
        return alike and cluster.keeps_its_layout(sample, self._layout_similarity)
