"""Measures the published extraction and VSUMM against other people's own functions, on the same film.

    python -m bench.measure.published_extraction FOLDER --moreso CODE [--vsumm CODE]

FOLDER holds ``joined.mp4`` and ``shots.csv``, as ``python -m cbvir_core.evaluate keyframes CLIPS --join 237
--keep FOLDER`` leaves them.  Neither code is part of this project; both want SciPy, pandas and scikit-learn:

- `--moreso`: ``KFE_module/color-based`` of LotusCreme/CBVIR, by MoReSo's authors.  Its function
  ``full_KFE_onetime`` runs unchanged, with the numbers of its ``main_multiplevideo.py``.
- `--vsumm`: ``python`` of susilvaalmeida/automatic-video-summarization.  VSUMM's authors published no code;
  this one is of the same university.  It counts the value of HSV where the paper says hue.

Each program sees the frames of OpenCV's decoder and those of cbvir's, so that a difference of decoders is not
taken for one of methods.  ``same`` is the number of keyframes that are also chosen by the other program of
the pair, from the same frames.  In the form with k-means the two draw other first centres.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from fractions import Fraction
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np

from cbvir_core.decode import probe, read_frames
from cbvir_core.evaluate.extraction.published import (
    CLUSTER_FRAMES,
    FRAME_STEP,
    KMEANS_CLUSTERS,
    PART_S,
    SQUARED_COSINE,
    PublishedCode,
    samples_of_part,
)
from cbvir_core.evaluate.extraction.vsumm import HUE_BINS, NEAR_APART, NEAR_DISTANCE, vsumm_summary
from cbvir_core.evaluate.joined import JOINED_FILE, SHOTS_FILE
from cbvir_core.evaluate.tables import read_shots
from cbvir_core.keyframes import score_times
from cbvir_core.types import Floats, Frame, Image

PUBLISHED_ARGUMENTS = (FRAME_STEP, int(PART_S), SQUARED_COSINE, CLUSTER_FRAMES, False)
"""Those of ``main_multiplevideo.py``: step, part, squared cosine, least frames of a cluster, no crop."""

PUBLISHED_FORMS: dict[str, tuple[tuple[object, ...], PublishedCode]] = {
    "published-code": (("dynamic",), PublishedCode()),
    "published-kmeans": (("Kmeans", KMEANS_CLUSTERS), PublishedCode(clusters=KMEANS_CLUSTERS)),
}
"""The forms by their names in Table II: further arguments of the authors' function, and cbvir's."""

Spans = Sequence[tuple[float, float]]


@dataclass
class CapturedFrames:
    """Frames of cbvir's decoder in the place of ``cv2.VideoCapture``."""

    path: Path
    rate: float
    frames: Iterator[Image] = field(init=False)

    def __post_init__(self) -> None:
        self.frames = every_frame(self.path)

    def get(self, _: int) -> float:
        """Return the rate, the only property that is asked for."""
        return self.rate

    def isOpened(self) -> bool:  # noqa: N802, OpenCV's name
        """Return True."""
        return True

    def read(self) -> tuple[bool, Image | None]:
        """Return the next frame, BGR."""
        image = next(self.frames, None)
        return image is not None, None if image is None else np.ascontiguousarray(image[:, :, ::-1])

    def release(self) -> None:
        """Do nothing."""


def every_frame(path: Path) -> Iterator[Image]:
    """Yield all frames of cbvir's decoder, RGB."""
    with read_frames(path, samples_per_s=None, mode="every") as frames:
        yield from (frame.image for frame in frames)


def opencv_frames(path: Path) -> Iterator[Image]:
    """Yield all frames of OpenCV's decoder, RGB."""
    capture = cv2.VideoCapture(str(path))
    while True:
        found, image = capture.read()
        if not found:
            return
        yield np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


DECODERS: dict[str, Callable[[Path], Iterator[Image]]] = {"OpenCV": opencv_frames, "cbvir": every_frame}


def published_times(
    utilities: ModuleType, path: Path, decoder: str, rate: float, form: tuple[object, ...]
) -> list[float]:
    """Return the times of the keyframes by the authors' function.

    It writes pictures that are named by whole seconds.  So the candidates of each part are recorded, and the
    pictures are counted: where a part has one fewer, its last candidate was deleted at the border.
    """
    parts: list[list[int]] = []
    written = np.zeros(1000, int)
    choose = utilities.get_kf_idx

    def recorded(*arguments: Any, **named: Any) -> list[int]:
        parts.append(list(choose(*arguments, **named)))
        return list(parts[-1])

    def counted(name: str, _: Image) -> None:
        minute, second = map(int, Path(name).stem.removeprefix("time").split("_"))
        written[int((60 * minute + second) // PART_S)] += 1

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), ExitStack() as replaced:
        replaced.enter_context(patch.object(utilities, "get_kf_idx", recorded))
        replaced.enter_context(patch.object(cv2, "imwrite", counted))
        if decoder == "cbvir":
            opened = lambda _: CapturedFrames(path, rate)  # noqa: E731
            replaced.enter_context(patch.object(cv2, "VideoCapture", opened))
        utilities.full_KFE_onetime(str(path), f"{folder}/keyframes", *PUBLISHED_ARGUMENTS, *form)
    return [
        number * PART_S + position * FRAME_STEP / rate
        for number, part in enumerate(parts)
        for position in part[: written[number]]
    ]


def own_published_times(path: Path, decoder: str, rate: float, code: PublishedCode) -> list[float]:
    """Return the times of the keyframes by `PublishedCode` from a decoder's frames."""
    samples = (
        Frame(Fraction(number) / Fraction(rate), image)
        for number, image in enumerate(DECODERS[decoder](path))
        if number % FRAME_STEP == 0
    )
    return code.choose(samples, samples_of_part(rate))


def vsumm_frames(path: Path, decoder: str, rate: float) -> list[Image]:
    """Return a frame of each second."""
    step = round(rate)
    return [image for number, image in enumerate(DECODERS[decoder](path)) if number % step == 0]


def value_histogram(image: Image) -> Floats:
    """Return the histogram of the value of HSV, as many bins as VSUMM has of the hue, of sum 1."""
    counts = cv2.calcHist([image.max(axis=2)], [0], None, [HUE_BINS], [0, 256])
    return np.asarray(counts, np.float32).ravel() / np.float32(image.shape[0] * image.shape[1])


def vsumm_pair(code: Path, path: Path, decoder: str, rate: float) -> tuple[list[float], list[float]]:
    """Return the times of the keyframes by the other program, and by cbvir's VSUMM with its numbers."""
    sys.path.insert(0, str(code))
    features, clusters = map(importlib.import_module, ("feature_extraction", "clusterization"))
    frames = vsumm_frames(path, decoder, rate)
    described = features.extract_features([np.ascontiguousarray(one[:, :, ::-1]) for one in frames])
    theirs = [float(one.frame_id - 1) for one in clusters.find_clusters(described)]
    rows = np.stack([value_histogram(one) for one in frames])
    return theirs, [float(at) for at in vsumm_summary(rows, NEAR_DISTANCE, NEAR_APART)]


def line(name: str, decoder: str, times: Sequence[float], other: Sequence[float], spans: Spans) -> str:
    """Return a line of the table."""
    score, same = score_times(times, spans), len(set(np.round(times, 3)) & set(np.round(other, 3)))
    return (
        f"{name:28} {decoder:8} {score.accuracy:8.3f} {score.redundancy:10.3f} {len(times):9} "
        f"{same:4} of {len(other)}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.measure.published_extraction", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moreso", type=Path, required=True)
    parser.add_argument("--vsumm", type=Path)
    options = parser.parse_args()
    path = options.folder / JOINED_FILE
    (shots,) = read_shots(options.folder / SHOTS_FILE, options.folder).values()
    spans = [(shot.start_s, shot.end_s) for shot in shots]
    rate = probe(path).frames_per_s or 30.0
    sys.path.insert(0, str(options.moreso))
    utilities = importlib.import_module("utilities")
    print(f"{'program':28} {'frames':8} accuracy redundancy keyframes same")
    for decoder in DECODERS:
        for name, (form, code) in PUBLISHED_FORMS.items():
            theirs = published_times(utilities, path, decoder, rate, form)
            ours = own_published_times(path, decoder, rate, code)
            print(line(f"{name}, the authors'", decoder, theirs, ours, spans), flush=True)
            print(line(name, decoder, ours, theirs, spans), flush=True)
        if options.vsumm:
            theirs, ours = vsumm_pair(options.vsumm, path, decoder, rate)
            print(line("VSUMM by others", decoder, theirs, ours, spans), flush=True)
            print(line("VSUMM with their numbers", decoder, ours, theirs, spans), flush=True)


if __name__ == "__main__":
    main()
