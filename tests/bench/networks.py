"""Milliseconds of processor time per picture of the built-in networks, by precision and batch.

    python -m bench.networks [--repeats 5]

It chooses `CPU_BATCH_PIXELS`: a batch is as small as costs no more, for a query waits for the one that runs.
Every figure is the least of several runs on one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from cbvir_core.embed.openvino_runtime import compile_network, has_bf16, infer, make_network
from cbvir_core.weights import find_profile

BATCHES = (1, 2, 4, 8, 16)
"""Pictures of one batch."""

NETWORKS = (
    ("filter", "keyframes", 224, 224),
    ("filter", "views", 224, 224),
    ("SOLAR", "keyframes", 288, 512),
)
"""Network, what it gives, and height and width of the input."""


def cost_ms(role: str, gives: str, size: tuple[int, int], precision: str, repeats: int) -> dict[int, float]:
    """Return the milliseconds of processor time per picture for each batch."""
    profile = find_profile("builtin", None)
    weights = profile.filter if role == "filter" else profile.refine
    assert weights is not None, "both built-in networks come with cbvir"
    network = make_network(weights, views=gives == "views")
    request = compile_network(network, precision).create_infer_request()
    pictures = np.random.default_rng(0).normal(size=(max(BATCHES), 3, *size)).astype(np.float32)
    found = {}
    for count in BATCHES:
        run = partial(infer, request, pictures[:count])
        run()
        found[count] = min(_cpu_s(run) for _ in range(repeats)) * 1000 / count
    return found


def _cpu_s(run: Callable[[], object]) -> float:
    before = time.process_time()
    run()
    return time.process_time() - before


def main(line: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.networks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each batch (default: %(default)s)")
    repeats = parser.parse_args(line).repeats
    heads = " | ".join(f"batch {count}" for count in BATCHES)
    print(f"| network | precision | {heads} |\n|---|---|{'---|' * len(BATCHES)}")
    for role, gives, height, width in NETWORKS:
        for precision in ("f32", *(("bf16",) if has_bf16() else ())):
            costs = cost_ms(role, gives, (height, width), precision, repeats)
            cells = " | ".join(f"{costs[count]:.2f}" for count in BATCHES)
            print(f"| {role}, {gives}, {width} x {height} | {precision} | {cells} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
