"""What `python -m bench.neighbours` does."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.neighbours.contest import Way
from bench.neighbours.described import RealRows, real_rows
from bench.neighbours.faiss_ways import FaissGraph, FaissLists, ProjectedLists
from bench.neighbours.made import components, density, query_rows, row_file
from bench.neighbours.measure import Figures, measure, questions
from bench.neighbours.other_ways import Exact, Hnswlib, OwnIndex, Usearch, missing_peers
from bench.neighbours.tables import table, write_csv, write_plot
from bench.shared_data import SHARED

SIZES = 10_000, 100_000, 1_000_000
TUNING_QUERIES = 64
DEFAULT_DATA = Path(tempfile.gettempdir()) / "cbvir-neighbours"


def ways() -> list[Way]:
    """Return everything that is compared."""
    absent = " ".join(missing_peers())
    peers = [peer for peer in (Hnswlib(), Usearch()) if peer.name not in absent]
    return [
        Exact(),
        OwnIndex("annoy"),
        OwnIndex("lists"),
        *peers,
        FaissGraph(),
        FaissLists("Flat"),
        FaissLists("SQ8"),
        ProjectedLists("SQ8", 256, 400),
        ProjectedLists("PQ4 fast scan", 512, 400),
    ]


def run(line: Sequence[str]) -> None:
    """Measure all ways at all sizes; print the table, and write it and the plot."""
    arguments = _parser().parse_args(line)
    arguments.data.mkdir(parents=True, exist_ok=True)
    for sentence in missing_peers():
        print(sentence, file=sys.stderr)
    real = real_rows(arguments.shared, arguments.data)
    _describe(real)
    figures = []
    for one in _measured(arguments, real):
        print(table([one]).splitlines()[-1], flush=True)
        figures.append(one)
    print("\n" + table(figures))
    if arguments.csv:
        write_csv(arguments.csv, figures)
    if arguments.plot:
        write_plot(arguments.plot, figures)


def _measured(arguments: argparse.Namespace, real: RealRows) -> Iterator[Figures]:
    """Yield the figures of each way at each size, but of ways that would take too long to build."""
    chosen = [way for way in ways() if not arguments.ways or any(one in way.name for one in arguments.ways)]
    before: dict[str, Figures] = {}
    for size in sorted(arguments.sizes):
        path = row_file(real, size, arguments.data)
        asked = questions(path, query_rows(real, TUNING_QUERIES, arguments.queries))
        for way in chosen:
            last = before.get(way.name)
            expected_s = last.build_s * size / last.size if last else 0.0
            if expected_s > arguments.build_limit_s:
                print(f"{size:,} rows, {way.name}: left out, building would take {expected_s / 60:.0f} min")
                continue
            before[way.name] = measure(way, path, asked, arguments.data)
            yield before[way.name]


def _describe(real: RealRows) -> None:
    print(f"{len(real.whole):,} pictures, {len(real.windows):,} windows of them; larger sets are enlarged")
    most, all_of_them = components(real, 0.9)
    print(f"  {most} of {all_of_them} components hold nine tenths of the variance")
    for place, among_real, among_made in density(real):
        print(f"  distance to neighbour {place}: {among_real:.3f} among real rows, {among_made:.3f} enlarged")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.neighbours", description=run.__doc__)
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=SIZES, help="rows (default: %(default)s)")
    add("--ways", nargs="+", default=[], help="parts of the names of ways (default: all)")
    add("--queries", type=int, default=200, help="queries that are measured (default: %(default)s)")
    add("--shared", type=Path, default=SHARED, help="folder with videos, distractors, train_images")
    add("--data", type=Path, default=DEFAULT_DATA, help="folder that keeps the rows (default: %(default)s)")
    add(
        "--build-limit-s",
        type=float,
        default=600.0,
        help="leave out what would take longer to build, by its time at the size before",
    )
    add("--csv", type=Path, help="write the table here")
    add("--plot", type=Path, help="write the plot (PNG) here")
    return parser
