"""Measure region proposals on drawn pages around frames of the clips.

    python -m bench.measure.regions [--shared FOLDER] [--pages 40] [--fit]

Prints, for each maker of `tests/support/pages.py`, the share of pages for which one of the first 1, 3, 6
and 12 proposals overlaps the picture by an IoU of .8 (of .9), and for frames that are no page how often the
first proposal claims to be one.  ``--fit`` fits the weights of `cbvir_core.regions.ranking` first and
prints them; it sees other seeds and the other half of the clips.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.shared_data import SHARED
from cbvir_core.decode import STILL_SIDE, fit_within, read_frames
from cbvir_core.errors import CbvirError
from cbvir_core.geometry import Polygon, box_corners
from cbvir_core.regions import ProposedRegion, RegionKind, propose_regions, ranking
from cbvir_core.regions.propose import candidate_quads
from cbvir_core.types import Floats, Image
from support.pages import MAKERS, Page

FIRST = (1, 3, 6, 12)
FIT_SEED, SEED = 7_000, 9_000
BARRED = ("chaplin", "threatexchange--pattern-sd", "padded")  # clips that have bars of their own
DRAWN = ("auto-editor", "no_duration", "rgb.m4v", "extra_channel", "moviepy--example")


@dataclass(frozen=True)
class Measured:
    """IoU of each proposal in order, and the milliseconds of all of them."""

    overlaps: list[float]
    took_ms: float


def frames_of(folder: Path) -> dict[str, list[Image]]:
    """Return three frames of each photographed clip without borders."""
    found = {}
    for path in sorted(folder.glob("*.*")):
        if path.suffix == ".md" or any(part in path.name for part in BARRED + DRAWN):
            continue
        try:
            with read_frames(path, samples_per_s=1.0, max_side=640) as reader:
                frames = [frame.image for frame, _ in zip(reader, range(12), strict=False)]
        except CbvirError:
            continue
        found[path.name] = [frames[i] for i in {0, len(frames) // 2, len(frames) - 1}]
    return {name: [frame for frame in kept if frame.std() > 12] for name, kept in found.items()}


def drawn(name: str, seed: int, pictures: Sequence[Image]) -> Page:
    rng = np.random.default_rng([seed, list(MAKERS).index(name)])
    return MAKERS[name](rng, [pictures[i] for i in rng.choice(len(pictures), 7, replace=False)])


def quad_of(region: ProposedRegion) -> Polygon:
    return np.array(region.quad, np.float32) if region.quad else box_corners(region.box)


def iou(one: Polygon, other: Polygon, shape: tuple[int, ...]) -> float:
    masks = [np.zeros(shape[:2], np.uint8) for _ in range(2)]
    for mask, quad in zip(masks, (one, other), strict=True):
        cv2.fillConvexPoly(mask, np.rint(quad).astype(np.int32), 1)
    return float((masks[0] & masks[1]).sum() / max(1, (masks[0] | masks[1]).sum()))


def measured(page: Page) -> Measured:
    begun = time.process_time()
    found = propose_regions(page.image, max(FIRST))
    took = (time.process_time() - begun) * 1e3
    return Measured([iou(quad_of(region), page.corners, page.image.shape) for region in found], took)


def table(pictures: Sequence[Image], pages: int) -> None:
    print(f"{'':10} IoU .8 in the first {FIRST}   IoU .9            ms")
    totals = []
    for name in MAKERS:
        rows = [measured(drawn(name, SEED + number, pictures)) for number in range(pages)]
        shares = [
            [np.mean([max(row.overlaps[:first], default=0) >= least for row in rows]) for first in FIRST]
            for least in (0.8, 0.9)
        ]
        totals.append(shares)
        line = "   ".join(" ".join(f"{share:.2f}" for share in part) for part in shares)
        print(f"{name:10} {line}   {np.mean([row.took_ms for row in rows]):5.0f}", flush=True)
    line = "   ".join(" ".join(f"{share:.2f}" for share in part) for part in np.mean(totals, axis=0))
    print(f"{'mean':10} {line}")


def whole(pictures: Sequence[Image]) -> None:
    """Print for frames that are no page how often the first proposal says they are, by its probability."""
    first = [next(iter(propose_regions(picture, 1))) for picture in pictures]
    for least in (0.015, 0.1, 0.3, 0.5, 0.7):
        share = np.mean([region.probability >= least for region in first])
        print(f"whole frames whose first region has a probability of {least}: {share:.3f} of {len(first)}")


def samples(image: Image, corners: Polygon | None) -> tuple[list[Floats], list[float]]:
    """Return the figures of every candidate, and whether it is right."""
    small = fit_within(image, STILL_SIDE)
    quads, kinds = candidate_quads(small)
    if not kinds:
        return [], []
    from_paper = np.array([kind == RegionKind.PAPER for kind in kinds])
    from_borders = np.array([kind == RegionKind.BORDERS for kind in kinds])
    rows = ranking.ranking_figures(small, quads, from_paper, from_borders)
    scale = small.shape[1] / image.shape[1]
    right = [0.0 if corners is None else float(iou(q, corners * scale, small.shape) >= 0.85) for q in quads]
    return list(rows), right


def fit(pictures: Sequence[Image], pages: int) -> None:
    """Fit the logistic regression by Newton's method, with a little weight decay."""
    rows: list[Floats] = []
    labels: list[float] = []
    weight: list[float] = []
    shown = [
        (page.image, page.corners)
        for n in MAKERS
        for page in (drawn(n, FIT_SEED + i, pictures) for i in range(pages))
    ]
    for image, corners in [*shown, *((picture, None) for picture in pictures)]:
        more, right = samples(image, corners)
        rows, labels = rows + more, labels + right
        weight += [1 / max(1, len(more))] * len(more)
    x = np.c_[np.array(rows, np.float64), np.ones(len(rows))]
    y, w = np.array(labels), np.array(weight) * len(weight) / sum(weight)
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ beta)))
        slope = x.T @ (w * (y - p)) - 1.0 * beta
        curve = (x * (w * p * (1 - p))[:, None]).T @ x + np.eye(len(beta))
        beta += np.linalg.solve(curve, slope)
    for name, value in zip((*ranking.RANKING_FIGURES, "bias"), beta, strict=True):
        print(f"    {value:7.3f},  # {name}")
    print(f"{len(y)} candidates, {y.mean():.3f} right")
    ranking.RANKING_WEIGHTS, ranking.RANKING_BIAS = tuple(beta[:-1]), float(beta[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.regions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--pages", type=int, default=40, help="drawn by each maker")
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    clips = frames_of(chosen.shared / "videos")
    names = sorted(clips)
    if chosen.fit:
        fit([frame for name in names[::2] for frame in clips[name]], chosen.pages)
    held_out = [frame for name in names[1::2] for frame in clips[name]]
    table(held_out, chosen.pages)
    whole(held_out)


if __name__ == "__main__":
    main()
