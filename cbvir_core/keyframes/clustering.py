"""Dynamic clustering of samples in the order of time (MoReSo, Algorithm 1).

What the paper leaves open or contradicts, and how drawn films decided it (shots found / redundant
keyframes of `cbvir_core.keyframes.accuracy`, printed by ``python -m bench.measure.keyframes``):

- The algorithm as printed joins a vector when the cosine is *at most* the threshold.  With a cosine
  similarity (equation 2) that joins what differs; here a sample joins when it is at least that.
- As printed, the old centroid is compared with the new one.  After n samples one more moves the
  centroid by 1/n, so the longer a shot, the blinder: .875 / .051, .911 / .121 and .938 / .217 at
  thresholds of .99, .998 and .999.  The sample itself against the centroid: .995 / .116 at .92.
- Squaring the cosine, as the published code does, only renames the threshold: .9 becomes .81.
- The printed second branch starts a cluster with two vectors unseen.  Here a sample that does not
  fit makes an attempt at a new cluster, which becomes the running one when it has lasted
  `min_scene_s`.  If samples fit the running cluster again before that, it was a flash.  If neither
  fits, as in a dissolve or under a whipping camera, the attempt is made anew; after `UNSETTLED_SCENES` times
  `min_scene_s` of that, a new scene has begun all the same.
- Colours stay where a camera goes round a thing or turns over one texture.  So a sample that fits by
  colour must also have the cluster's layout (`cbvir_core.keyframes.layout`), or a part of the scene ends.
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
"""Smallest clusters that may pass without any settling before a scene is begun."""

LAYOUT_GRACE_S = 2.0
"""Seconds for which a cluster may change its layout: a camera that moves all the time has one keyframe in so
many seconds.  At 1.0, .995 / .143, and 18.6 keyframes a minute of real clips instead of 17.8."""


class Cluster:
    """Samples that look alike: the sum of their vectors, and the best few of them.

    The sum is kept of raw vectors, because the basis moves.  Plain black and white samples count only
    while there is nothing else.
    """

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s  # of the span
        self.first_s = start_s  # of the samples that count
        self.empty = True
        self._beginning: Vector | None = None
        self._sum: Vector = np.zeros(1, np.float32)
        self._candidates = KeyframeCandidates()

    def add(self, sample: FrameSample) -> None:
        """Takes a sample in."""
        if sample.look.empty and not self.empty:
            return
        if self.empty and not sample.look.empty:
            self._sum, self._candidates, self.empty = np.zeros(1, np.float32), KeyframeCandidates(), False
            self.first_s = sample.time_s
            self._beginning = sample.layout
        self._sum = self._sum + sample.vector
        self._candidates.offer(sample, self._sum)

    def similarity(self, sample: FrameSample, basis: Basis) -> float:
        """The cosine of the sample and the running centroid, both seen in the basis."""
        return cosine(basis.project(sample.vector), basis.project(self._sum))

    def keeps_its_layout(self, sample: FrameSample, least: float) -> bool:
        """Whether things are where they were when it began; a young cluster asks nobody."""
        if self._beginning is None or sample.time_s - self.first_s < LAYOUT_GRACE_S:
            return True
        return likeness(sample.layout, self._beginning) >= least

    def keyframe(self, end_s: float) -> Keyframe:
        """The cluster's keyframe, with the span up to `end_s`.  There must be a sample."""
        best = self._candidates.best(self._sum)
        return Keyframe(best.time_s, self.start_s, end_s, best.frame.image, best.look.quality)


@dataclass(slots=True)
class _Departure:
    """What may become the next scene: since when nothing fitted, and the present attempt."""

    since_s: float
    attempt: Cluster


class DynamicClustering:
    """Samples in, keyframes of closed clusters out: `add` for each sample, `finish` at the end.

    Spans follow one another without gap or overlap, from the first sample to the last.  Black and
    white samples belong to the scene that is on: they neither divide a scene nor make one.
    """

    def __init__(
        self, similarity: float, min_scene_s: float, max_gap_s: float, layout_similarity: float = 0.0
    ) -> None:
        self._similarity, self._layout_similarity = similarity, layout_similarity
        self._min_scene_s, self._max_gap_s = min_scene_s, max_gap_s
        self._running: Cluster | None = None
        self._departure: _Departure | None = None
        self._last_s = self._step_s = 0.0

    def add(self, sample: FrameSample, basis: Basis) -> list[Keyframe]:
        """Judges one sample; gives the keyframes of scenes that are now known to be over."""
        now = sample.time_s
        if self._running is None:
            self._running, self._last_s = Cluster(now), now
        self._last_s, self._step_s = now, now - self._last_s
        running, closed = self._settle(self._running, now)
        if now - running.start_s >= self._max_gap_s:
            closed.append(running.keyframe(now))
            running, self._departure = Cluster(now), None
        self._departure = self._place(sample, running, basis)
        self._running = running
        return closed

    def finish(self) -> list[Keyframe]:
        """The keyframes of what is still open; none if there never was a sample."""
        if self._running is None:
            return []
        # The last frame is shown for about as long as the one before.
        last, closed = self._settle(self._running, self._last_s + self._step_s)
        self._running = self._departure = None
        return [*closed, last.keyframe(self._last_s)]

    def _settle(self, running: Cluster, now: float) -> tuple[Cluster, list[Keyframe]]:
        """The cluster that runs from `now` on, and what closed: time alone makes an attempt a scene."""
        departure = self._departure
        if departure is None:
            return running, []
        attempt, overdue = departure.attempt, now - running.start_s >= self._max_gap_s
        if now - attempt.first_s < self._min_scene_s and not overdue:
            if now - departure.since_s < UNSETTLED_SCENES * self._min_scene_s:
                return running, []
            attempt.start_s = attempt.first_s = departure.since_s
        self._departure = None
        if overdue or departure.since_s - running.first_s >= self._min_scene_s:
            return attempt, [running.keyframe(attempt.start_s)]
        # Too small a cluster (first frames of a film, a fade from black): part of what follows.
        attempt.start_s = running.start_s
        return attempt, []

    def _place(self, sample: FrameSample, running: Cluster, basis: Basis) -> _Departure | None:
        """Puts the sample into the running cluster or into an attempt; gives the attempt, if any."""
        departure = self._departure
        if running.empty or sample.look.empty:
            running.add(sample)
            return None
        if departure is not None and self._fits(departure.attempt, sample, basis):
            departure.attempt.add(sample)
            return departure
        if self._fits(running, sample, basis):
            running.add(sample)
            return None
        attempt = Cluster(sample.time_s)
        attempt.add(sample)
        return _Departure(departure.since_s if departure else sample.time_s, attempt)

    def _fits(self, cluster: Cluster, sample: FrameSample, basis: Basis) -> bool:
        alike = cluster.similarity(sample, basis) >= self._similarity
        return alike and cluster.keeps_its_layout(sample, self._layout_similarity)
