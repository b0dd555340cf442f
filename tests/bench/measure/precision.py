"""Measure how near descriptors in bf16 are to those in float32, in OpenVINO: the worst cosine.

    python -m bench.measure.precision WEIGHTS... [--clips FOLDER]
    python -m bench.measure.precision --seeded resnet101

It is measured on the probes that decide at run time (`cbvir_core.embed.precision`), and on four frames of
each clip.  With --clips the codes of views by the built-in filter are compared too.  WEIGHTS are files in
cbvir's format (``cbvirctl models import``); --seeded makes a random SOLAR in addition.
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
from cbvir_core.index import shipped_codec
from cbvir_core.types import Image, Rows
from cbvir_core.weights import find_profile, read_header
from support.networks import seeded_solar

FRAMES_PER_CLIP = 4


def frames_of(clips: Path) -> list[Image]:
    """Return a few frames, a second apart, of every clip that can be read."""
    frames: list[Image] = []
    for path in sorted(clips.iterdir()):
        try:
            with read_frames(path, samples_per_s=1, max_side=STILL_SIDE) as reader:
                frames += [frame.image for frame in islice(reader, FRAMES_PER_CLIP)]
        except CbvirError:
            continue
    return frames


def measure(weights: Path, frames: list[Image]) -> None:
    """Print the worst cosines, and the time per picture in each precision (unreliable on a busy machine)."""
    preprocess, model = read_header(weights).preprocess, openvino_runtime.convert_network(weights)
    runs: dict[str, Any] = {
        kind: partial(
            openvino_runtime.infer, openvino_runtime.compile_network(model, kind).create_infer_request()
        )
        for kind in ("f32", "bf16")
    }
    print(
        f"{weights.name}: probes {worst_cosine(runs['f32'], runs['bf16'], preprocess):.4f}",
        end="",
        flush=True,
    )
    if frames:
        rows: dict[str, list[Rows]] = {kind: [] for kind in runs}
        spent = dict.fromkeys(runs, 0.0)
        for _, batch in batches(frames, preprocess, 1.0, pixels=1):
            for kind, run in runs.items():
                began = time.perf_counter()
                rows[kind].append(run(batch))
                spent[kind] += time.perf_counter() - began
        exact, rounded = (np.concatenate(rows[kind]) for kind in runs)
        cosines = (exact * rounded).sum(axis=1)
        times = ", ".join(f"{kind} {1000 * spent[kind] / len(cosines):.1f} ms" for kind in runs)
        print(f"; {len(cosines)} frames {cosines.min():.4f}; {times}", end="")
    print()


def measure_codes(frames: list[Image]) -> None:
    """Print the mean cosine of codes of views to the views in float32, of views in each precision."""
    weights, codec = find_profile("builtin", None).filter, shipped_codec()
    preprocess, model = read_header(weights).preprocess, openvino_runtime.make_network(weights, views=True)
    wanted = None
    for kind in ("f32", "bf16"):
        request = openvino_runtime.compile_network(model, kind).create_infer_request()
        parts = [
            openvino_runtime.infer(request, batch) for _, batch in batches(frames, preprocess, 1.0, pixels=1)
        ]
        views = np.concatenate(parts)
        wanted = codec.project(views.reshape(-1, views.shape[-1])) if wanted is None else wanted
        kept = codec.decode(codec.encode(views).reshape(-1, codec.code_bytes))
        print(f"codes of views in {kind}: {(kept * wanted).sum(axis=1).mean():.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.precision",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", type=Path, nargs="*")
    parser.add_argument("--clips", type=Path, help="a folder of real clips")
    parser.add_argument("--seeded", metavar="BACKBONE", help="a random SOLAR with this backbone")
    options = parser.parse_args()
    if not openvino_runtime.has_bf16():
        sys.exit("this processor has no bf16")
    frames = frames_of(options.clips) if options.clips else []
    with tempfile.TemporaryDirectory() as folder:
        seeded = (
            [seeded_solar(Path(folder) / f"solar-{options.seeded}", options.seeded)] if options.seeded else []
        )
        for weights in [*options.weights, *seeded]:
            measure(weights, frames)
    if frames:
        measure_codes(frames)


if __name__ == "__main__":
    main()
