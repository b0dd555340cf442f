"""Measures the dynamic shortlist: how often the right picture is on it, by its size and the library's.

    python -m bench.measure.shortlist [--sizes 1000 10000 100000] [--data FOLDER]

Rows are descriptors of photographs by the built-in filter, and beyond 112,000 made ones (`bench.neighbours`,
which keeps them in a file).  A question is a window of half a photograph's sides, the right answer the row of
the whole photograph.  Windows of other photographs are among the rows, so that there is something to be
confused with.  The last column is the published code's rule, a fixed Euclidean distance: the share of right
ones within it, and the mean number that is.  Takes a minute where the rows are there already.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bench.neighbours.described import real_rows
from bench.neighbours.made import row_file
from bench.shared_data import CLIPS
from cbvir_core.evaluate.methods import PUBLISHED_DISTANCE, cosine_within
from cbvir_core.search import SHORTLIST_SHARE, shortlist_length
from cbvir_core.types import Rows

SHORTLIST_SIZES = (50, 100, 200, 500, 1000, 2000)
BLOCK_QUERIES = 64


def questions(shared: Path, data: Path, count: int) -> tuple[Rows, Rows]:
    """Return the whole and one window of `count` photographs, both unit rows."""
    real_rows(shared, data)
    (path,) = data.glob("described-*.npz")
    with np.load(path) as arrays:
        chosen = np.random.default_rng(18).permutation(len(arrays["photographs"]))[:count]
        views = arrays["photographs"][chosen].astype(np.float32)
    window = 1 + np.arange(count) % (views.shape[1] - 1)
    return views[:, 0], views[np.arange(count), window]


def ranks(rows: Rows, whole: Rows, asked: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return how many rows are nearer than the right one, and how many lie within the published distance."""
    right = np.einsum("ij,ij->i", whole, asked)
    nearer, within = [], []
    limit = cosine_within(PUBLISHED_DISTANCE)
    for start in range(0, len(asked), BLOCK_QUERIES):
        block = slice(start, start + BLOCK_QUERIES)
        cosines = asked[block] @ rows.T
        nearer.append((cosines > right[block, None] + 1e-4).sum(1))
        within.append((cosines > limit).sum(1))
    return np.concatenate(nearer), np.concatenate(within)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.measure.shortlist", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--data", type=Path, default=Path("/tmp/cbvir-neighbours"))
    options = parser.parse_args()
    whole, asked = questions(CLIPS.parent, options.data, options.questions)
    real = real_rows(CLIPS.parent, options.data)
    limit = cosine_within(PUBLISHED_DISTANCE)
    right_within = float((np.einsum("ij,ij->i", whole, asked) > limit).mean())
    print(
        "keyframes  "
        + "  ".join(f"at {size:>5}" for size in SHORTLIST_SIZES)
        + "    rule: size, recall   10 %   distance"
    )
    for size in options.sizes:
        rows = np.load(row_file(real, size, options.data), mmap_mode="r")[:size].astype(np.float32)
        nearer, within = ranks(rows, whole, asked)
        cells = "  ".join(f"{float((nearer < at).mean()):8.3f}" for at in SHORTLIST_SIZES)
        rule, tenth = shortlist_length(size), int(SHORTLIST_SHARE * size)
        print(
            f"{size:9}  {cells}    {rule:10}, {float((nearer < rule).mean()):.3f}   "
            f"{float((nearer < tenth).mean()):.3f}   {right_within:.3f} of {within.mean():.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
