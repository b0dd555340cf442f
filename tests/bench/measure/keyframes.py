"""Measures keyframes: shots found and redundant keyframes on drawn films, keyframes a minute of clips.

    python -m bench.measure.keyframes [--clips FOLDER]      # what the docstrings quote
    python -m bench.measure.keyframes --set similarity=0.85 rank=16   # the defaults but for these

The films follow from their seeds (101 to 112: 192 shots), so every run prints the same figures.
"""

from __future__ import annotations

import argparse
import tempfile
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2

from cbvir_core.errors import CbvirError
from cbvir_core.keyframes import (
    KeyframeExtractor,
    KeyframeOptions,
    KeyframeReader,
    KeyframeScore,
    basis,
    keyframe_score,
    schedule,
)
from cbvir_core.keyframes.basis import Basis
from cbvir_core.keyframes.clustering import Cluster
from cbvir_core.keyframes.select import FrameSample, cosine
from cbvir_core.types import Frame, Keyframe
from support.films import draw_film


def unprojected(cluster: Cluster, sample: FrameSample, basis: Basis) -> float:
    """Return the similarity without the SVD."""
    return cosine(sample.vector, cluster._sum)


def as_printed(cluster: Cluster, sample: FrameSample, basis: Basis) -> float:
    """Return Algorithm 1's own similarity: of the centroid before and after the sample is added."""
    return cosine(basis.project(cluster._sum + sample.vector), basis.project(cluster._sum))


@dataclass(frozen=True)
class Variant:
    """Options, and the parts of the algorithm that are replaced; None replaces nothing."""

    name: str
    options: KeyframeOptions
    similarity: Callable[[Cluster, FrameSample, Basis], float] | None = None
    lookahead: int | None = None

    def keyframes(self, frames: Iterable[Frame]) -> list[Keyframe]:
        with ExitStack() as replaced:
            if self.similarity:
                replaced.enter_context(patch.object(Cluster, "similarity", self.similarity))
            for module in (basis, schedule) if self.lookahead is not None else ():
                replaced.enter_context(patch.object(module, "LOOKAHEAD_SAMPLES", self.lookahead))
            extractor = KeyframeExtractor(self.options)
            return [k for frame in frames for k in extractor.push(frame)] + extractor.flush()


def quoted() -> Iterator[Variant]:
    """Yield the defaults, and the alternatives whose figures docstrings quote."""
    default = KeyframeOptions()
    yield Variant("defaults", default)
    yield Variant("the paper's batch form", KeyframeOptions.paper())
    yield Variant("the published numbers", KeyframeOptions.published_code())
    yield Variant("raw histograms", default, similarity=unprojected)
    alternatives: dict[str, list[Any]] = {
        "bins": [(6, 6, 6), (8, 3, 8), (16, 4, 4)],
        "rank": [8, 12, 16, 32],
        "window_s": [30.0],
        "similarity": [0.7, 0.85, 0.9, 0.95],
        "min_scene_s": [0.5, 1.1],
    }
    for key, values in alternatives.items():
        for value in values:
            yield Variant(f"{key} {value}", replace(default, **{key: value}))
    for rank in (default.rank, 12):
        for samples in (0, 2, 5):
            name = f"rank {rank}, lookahead {samples}"
            yield Variant(name, replace(default, rank=rank), lookahead=samples)
    for threshold in (0.99, 0.998, 0.999):
        name = f"as printed, {threshold}"
        yield Variant(name, replace(default, similarity=threshold), similarity=as_printed)


def films(
    seeds: Iterable[int], shots: int, sample_s: float
) -> Iterator[tuple[list[Frame], list[tuple[float, float]]]]:
    """Yield samples and true shots of drawn films."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            film = draw_film(Path(folder) / "film.mp4", seed=seed, shots=shots, size=(256, 144), rate=12)
            yield read(film.path, sample_s), [(shot.start_s, shot.end_s) for shot in film.shots]


def read(path: Path, sample_s: float) -> list[Frame]:
    """Return the samples of a clip as ingest sees them, without borders; what is no video has none."""
    try:
        with KeyframeReader(path, KeyframeOptions(sample_s=sample_s)) as reader:
            return list(reader.samples())
    except CbvirError:
        return []


def options_from(settings: Iterable[str]) -> KeyframeOptions:
    texts = {key: value for key, _, value in (setting.partition("=") for setting in settings)}
    values: dict[str, Any] = {k: text if k == "form" else literal_eval(text) for k, text in texts.items()}
    return KeyframeOptions(**values)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.keyframes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--set", nargs="+", metavar="OPTION=VALUE", help="measure these options alone")
    parser.add_argument("--seeds", nargs=2, type=int, default=(101, 112), metavar=("FIRST", "LAST"))
    parser.add_argument("--shots", type=int, default=16, help="of each film (16)")
    parser.add_argument("--clips", type=Path, help="a folder of real clips: keyframes a minute, too")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    variants = (
        [Variant(" ".join(arguments.set), options_from(arguments.set))] if arguments.set else list(quoted())
    )

    sample_s = variants[0].options.sample_s
    scores = dict.fromkeys(variants, KeyframeScore(0, 0, 0))
    for frames, shots in films(range(arguments.seeds[0], arguments.seeds[1] + 1), arguments.shots, sample_s):
        for variant in variants:
            scores[variant] += keyframe_score(variant.keyframes(frames), shots)
    counts, minutes = dict.fromkeys(variants, 0), 0.0
    for path in sorted(arguments.clips.iterdir()) if arguments.clips else ():
        frames = read(path, sample_s)
        minutes += frames[-1].time_s / 60 if frames else 0
        for variant in variants:
            counts[variant] += len(variant.keyframes(frames))

    print(f"{scores[variants[0]].shots} shots; {minutes:.1f} minutes of clips")
    print(f"{'':26} accuracy  redundancy  keyframes a minute of the clips")
    for variant, score in scores.items():
        a_minute = f"{counts[variant] / minutes:8.1f}" if minutes else ""
        print(f"{variant.name:26} {score.accuracy:8.3f}  {score.redundancy:10.3f}  {a_minute}", flush=True)


if __name__ == "__main__":
    main()
