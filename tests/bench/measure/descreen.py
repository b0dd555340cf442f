"""Measures by what a print is told from other pictures: the share of a few frequencies in the variation.

    python -m bench.measure.descreen [--photographs 200]

Photographs are printed as dots, as `bench.films` prints them, and edited in its other ways.  For each edit it
prints the lowest, the median and the highest share; `MIN_SCREEN_SHARE` must lie between those of prints and
all others.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from bench.films.edits import EDIT_KINDS, edited, frames_in
from bench.retrieval.photographs import distractors
from bench.shared_data import SHARED
from cbvir_core.decode import read_picture
from cbvir_core.search.descreen import MIN_SCREEN_SHARE, MIN_TILE_SIDE, strongest_frequency


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.descreen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photographs", type=int, default=200)
    options = parser.parse_args()
    pictures = [read_picture(data) for _, data in distractors(SHARED / "distractors", options.photographs)]
    spent_s, measured = 0.0, 0
    for kind in EDIT_KINDS:
        shares = []
        for number in range(len(pictures)):
            shown = [pictures[(number + other) % len(pictures)] for other in range(frames_in(kind))]
            picture = edited(shown, kind, str(number), 0)
            if min(picture.shape[:2]) < MIN_TILE_SIDE:
                continue
            begun = time.perf_counter()
            shares.append(strongest_frequency(picture)[0])
            spent_s, measured = spent_s + time.perf_counter() - begun, measured + 1
        if shares:
            low, middle, high = np.quantile(shares, [0.0, 0.5, 1.0])
            taken = np.mean(np.array(shares) >= MIN_SCREEN_SHARE)
            print(f"{kind:16} {low:.3f} {middle:.3f} {high:.3f}  taken for a print: {taken:.3f}", flush=True)
    print(f"{1000 * spent_s / measured:.1f} ms a picture")


if __name__ == "__main__":
    main()
