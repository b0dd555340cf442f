"""Ways to compare two videos by regions of floats, and what each costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bench.visil.figures import Scores
from bench.visil.material import ComparedVideo, Comparison
from cbvir_core.align import frame_similarities
from cbvir_core.train.video.network import ComparatorNetwork
from cbvir_core.types import Floats
from cbvir_core.visil import Comparator, VisilModel, chamfer

FLOAT_BYTES = 2
"""Descriptors would be kept in float16."""

CompareVideos = Callable[[Floats, Floats], float]


@dataclass(frozen=True)
class ComparisonSystem:
    """A way to compare: `describe` makes of raw regions what is kept of a video, `compare` compares two."""

    name: str
    describe: Callable[[Floats], Floats]
    compare: CompareVideos


def systems_of(model: VisilModel, pooled: Callable[[Floats], float] = chamfer) -> list[ComparisonSystem]:
    """Return ViSiL with more and more of its parts; `pooled` makes a similarity of a matrix."""

    def plain(query: Floats, video: Floats) -> float:
        return pooled(frame_similarities(query, video))

    def through(comparator: Comparator) -> CompareVideos:
        return lambda query, video: pooled(comparator(frame_similarities(query, video)))

    return [
        ComparisonSystem("chamfer", model.whitening, plain),
        ComparisonSystem("+ attention", model.describe, plain),
        ComparisonSystem("+ comparator, random", model.describe, through(random_comparator())),
        ComparisonSystem("+ comparator, at start", model.describe, through(first_comparator())),
        ComparisonSystem("+ comparator, S2VS", model.describe, through(model.comparator)),
    ]


def random_comparator(seed: int = 0) -> Comparator:
    """Return a comparator of torch's usual random weights."""
    torch.manual_seed(seed)
    network = ComparatorNetwork()
    for layer in (network.conv1, network.conv2, network.conv3, network.out):
        layer.reset_parameters()
    return Comparator(network.tensors())


def first_comparator(seed: int = 0) -> Comparator:
    """Return the comparator that a training begins with, which hands the matrix on."""
    torch.manual_seed(seed)
    return Comparator(ComparatorNetwork().tensors())


def scored(system: ComparisonSystem, comparison: Comparison, tell: Callable[[str], object]) -> Scores:
    """Return the similarities of all queries and all videos."""
    videos = _described(system, comparison.videos)
    queries = _described(system, comparison.queries)
    values = np.zeros((len(queries), len(videos)), np.float32)
    begun = time.perf_counter()
    for number, query in enumerate(queries):
        tell(f"{system.name} {number}")
        values[number] = [system.compare(query, video) for video in videos]
    took_ms = 1000.0 * (time.perf_counter() - begun)
    kept_bytes = float(np.mean([FLOAT_BYTES * video.size for video in videos]))
    return Scores(values, took_ms / values.size, kept_bytes)


def _described(system: ComparisonSystem, videos: Sequence[ComparedVideo]) -> list[Floats]:
    return [system.describe(video.raw) for video in videos]
