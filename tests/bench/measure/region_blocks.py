"""Measures which maps of the filter's network tell videos apart, by plain chamfer similarity.

    python -m bench.measure.region_blocks [--data FOLDER] [--each 6] [--pictures FOLDER]

For each set of blocks, width and power of the whitening it prints mAP and micro-AP of `bench.visil`'s copies.
The whitening is fitted on training photographs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path

import numpy as np
import torch

from bench.visil.figures import mean_average_precision, micro_average_precision
from bench.visil.material import Comparison, make_comparison
from bench.visil.program import opened_encoder, plan_of
from bench.visil.program import parser as visil_parser
from bench.visil.systems import ComparisonSystem, scored
from cbvir_core.align import frame_similarities
from cbvir_core.train.pictures import read_pictures
from cbvir_core.train.video.regions import WHITENING_FLOOR
from cbvir_core.train.whitening import fit_whitening
from cbvir_core.types import Floats
from cbvir_core.visil import RegionWhitening, chamfer

CHANNELS = {6: 32, 10: 64, 13: 96, 16: 160, 17: 320, 18: 1280}
"""Blocks of MobileNetV2 behind which a map may be taken, with its channels."""

BLOCK_SETS = (
    (18,),
    (17,),
    (16,),
    (13,),
    (17, 18),
    (13, 18),
    (13, 17),
    (10, 13, 17),
    (6, 13, 18),
    (6, 10, 13, 16, 17, 18),
)
WIDTHS, POWERS = (128, 256), (0.5, 1.0)
FITTED_PICTURES = 1500


def part_of(raw: Floats, blocks: Sequence[int]) -> Floats:
    """Return the regions of some of the blocks, normalised together, out of those of all."""
    ends = np.cumsum(list(CHANNELS.values()))
    spans = dict(zip(CHANNELS, zip([0, *ends[:-1]], ends, strict=True), strict=True))
    rows = np.concatenate([raw[..., slice(*spans[block])] for block in blocks], axis=-1)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def measured(comparison: Comparison, fitted: Floats, blocks: Sequence[int], width: int, power: float) -> str:
    """Return the line of one choice."""
    rows = torch.from_numpy(part_of(fitted, blocks).reshape(-1, sum(CHANNELS[one] for one in blocks)))
    weight, bias = fit_whitening(rows, width, power, WHITENING_FLOOR)
    whitening = RegionWhitening(weight.numpy(), bias.numpy())
    system = ComparisonSystem(
        "",
        lambda raw: whitening(part_of(raw, blocks)),
        lambda query, video: chamfer(frame_similarities(query, video)),
    )
    found = scored(system, comparison, lambda _: None).values
    figures = (
        score(found, comparison.relevant) for score in (mean_average_precision, micro_average_precision)
    )
    mean, micro = figures
    return f"{'+'.join(map(str, blocks)):20} {width:4} {power:4.1f} {mean:.3f} {micro:.3f}"


def main(line: Sequence[str]) -> None:
    """Print one line for each choice."""
    parser = argparse.ArgumentParser(parents=[visil_parser(add_help=False)])
    parser.add_argument("--pictures", type=Path, default=None, help="folder or tar files of photographs")
    arguments = parser.parse_args(line)
    encoder = opened_encoder(arguments.data, tuple(CHANNELS))
    comparison = make_comparison(plan_of(arguments), encoder, lambda _: None)
    pictures = read_pictures([arguments.pictures or arguments.shared / "train_images"])
    images = [image for _, image in islice(pictures, FITTED_PICTURES)]
    fitted = encoder.encode(images)
    print("blocks               width power  mAP micro-AP")
    for blocks, width, power in product(BLOCK_SETS, WIDTHS, POWERS):
        print(measured(comparison, fitted, blocks, width, power), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
