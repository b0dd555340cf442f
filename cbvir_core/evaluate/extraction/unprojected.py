"""cbvir's own extraction without the sub-matrix SVD, to measure what the SVD does."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.decode import Mode
from cbvir_core.keyframes import KeyframeOptions, KeyframeReader
from cbvir_core.keyframes.histogram import Vector
from cbvir_core.keyframes.moreso import MoresoDetector
from cbvir_core.keyframes.schedule import ReadySamples
from cbvir_core.keyframes.select import FrameSample


class IdentityBasis:
    """A basis that leaves vectors as they are."""

    def project(self, vector: Vector) -> Vector:
        """Return the vector."""
        return vector


class ImmediateSchedule:
    """A schedule that judges a sample when it arrives, because no basis has to know what follows."""

    def push(self, sample: FrameSample) -> ReadySamples:
        """Return the sample."""
        return [(sample, IdentityBasis())]

    def flush(self) -> ReadySamples:
        """Return nothing: no sample waits."""
        return []


def unprojected_times(
    path: Path, options: KeyframeOptions = KeyframeOptions(), mode: Mode = "auto"
) -> list[float]:
    """Return the times of the keyframes.  Raise what `KeyframeReader` raises."""
    detector = MoresoDetector(options, ImmediateSchedule())
    times_s: list[float] = []
    with KeyframeReader(path, options, mode=mode) as reader:
        for sample in reader.samples():
            times_s += [keyframe.time_s for keyframe in detector.push(sample)]
    return times_s + [keyframe.time_s for keyframe in detector.flush()]
