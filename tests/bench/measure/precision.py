"""Measures what bf16 keeps of a filter's or SOLAR's answers: the worst cosine to float32, in OpenVINO.

    python -m bench.measure.precision WEIGHTS... [--clips FOLDER]
    python -m bench.measure.precision --seeded resnet101

Over the probes that decide at run time (`cbvir_core.embed.precision`), and over four frames of each clip.
WEIGHTS are files in cbvir's form (``cbvirctl models import``); --seeded makes a random SOLAR instead.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from cbvir_core.decode import STILL_SIDE, read_frames
from cbvir_core.embed import openvino_runtime
from cbvir_core.embed.precision import worst_cosine
from cbvir_core.embed.preprocess import batches
from cbvir_core.errors import CbvirError
from cbvir_core.types import Image, Rows
from cbvir_core.weights import read_header
from support.networks import seeded_solar

FRAMES = 4


def frames_of(clips: Path) -> list[Image]:
    """A few frames, a second apart, of every clip that can be read."""
    frames: list[Image] = []
    for path in sorted(clips.iterdir()):
        try:
            with read_frames(path, samples_per_s=1, max_side=STILL_SIDE) as reader:
                frames += [frame.image for frame in islice(reader, FRAMES)]
        except CbvirError:
            continue
    return frames


def measure(weights: Path, frames: list[Image]) -> None:
    """Prints the worst cosines, and the time of a picture each way (busy machines: not to be trusted)."""
    seen, model = read_header(weights).preprocess, openvino_runtime._convert(weights)
    ways: dict[str, Any] = {
        kind: partial(openvino_runtime._infer, openvino_runtime._compile(model, kind).create_infer_request())
        for kind in ("f32", "bf16")
    }
    print(f"{weights.name}: probes {worst_cosine(ways['f32'], ways['bf16'], seen):.4f}", end="", flush=True)
    if frames:
        rows: dict[str, list[Rows]] = {kind: [] for kind in ways}
        spent = dict.fromkeys(ways, 0.0)
        for _, batch in batches(frames, seen, 1.0, pixels=1):
            for kind, run in ways.items():
                began = time.perf_counter()
                rows[kind].append(run(batch))
                spent[kind] += time.perf_counter() - began
        exact, rounded = (np.concatenate(rows[kind]) for kind in ways)
        cosines = (exact * rounded).sum(axis=1)
        times = ", ".join(f"{kind} {1000 * spent[kind] / len(cosines):.1f} ms" for kind in ways)
        print(f"; {len(cosines)} frames {cosines.min():.4f}; {times}", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, nargs="*")
    parser.add_argument("--clips", type=Path, help="a folder of real clips")
    parser.add_argument("--seeded", metavar="BACKBONE", help="a random SOLAR with this backbone")
    asked = parser.parse_args()
    if not openvino_runtime._has_bf16():
        sys.exit("this processor has no bf16")
    frames = frames_of(asked.clips) if asked.clips else []
    with tempfile.TemporaryDirectory() as folder:
        seeded = [seeded_solar(Path(folder) / f"solar-{asked.seeded}", asked.seeded)] if asked.seeded else []
        for weights in [*asked.weights, *seeded]:
            measure(weights, frames)


if __name__ == "__main__":
    main()
