"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.shared_data import SHARED
from bench.visil.figures import Scores, mean_average_precision, micro_average_precision
from bench.visil.material import Comparison, ComparisonPlan, all_kinds, make_comparison
from bench.visil.students import student_scores
from bench.visil.systems import scored, systems_of
from cbvir_core.types import Floats
from cbvir_core.visil import BUILTIN_VISIL, VideoStudents, VisilModel, chamfer, one_way_chamfer
from cbvir_core.visil.region_encoder import RegionEncoder
from cbvir_core.weights import find_profile

DESCRIPTION = "Compare copies of pieces of clips with whole clips: which way to compare finds the clip?"
PRINTED_WIDTH = 150


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    arguments = parser().parse_args(line)
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    model = VisilModel(arguments.model)
    pooled = one_way_chamfer if arguments.one_way else chamfer
    with Progress(console=console, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=None)

        def tell(what: str) -> None:
            progress.update(task, description=what[:60], advance=1)

        comparison = make_comparison(plan_of(arguments), opened_encoder(arguments.data, model.blocks), tell)
        found = {system.name: scored(system, comparison, tell) for system in systems_of(model, pooled)}
        if model.part("fine."):
            found |= student_scores(VideoStudents(model), comparison, tell)
    console.print(
        f"{len(comparison.queries)} copies, {len(comparison.videos)} videos, {model.header.label}, "
        f"{'one way' if arguments.one_way else 'both ways'}",
        highlight=False,
    )
    console.print(table_of(comparison, found))
    console.print(table_by_kind(comparison, found))
    if arguments.json:
        arguments.json.write_text(
            json.dumps({name: figures_of(comparison, one) for name, one in found.items()})
        )


def opened_encoder(data: Path, blocks: Sequence[int]) -> RegionEncoder:
    """Return the encoder of regions by the built-in filter."""
    return RegionEncoder(find_profile("builtin", None).filter, blocks, cache=data / "networks")


def plan_of(arguments: argparse.Namespace) -> ComparisonPlan:
    """Return what the options ask for."""
    return ComparisonPlan(
        shared=arguments.shared,
        data=arguments.data,
        kinds=tuple(arguments.kinds),
        each=arguments.each,
        slides=arguments.slides,
        seed=arguments.seed,
        last=arguments.last,
    )


def figures_of(comparison: Comparison, found: Scores) -> dict[str, float]:
    """Return the figures of one way to compare."""
    return {
        "map": mean_average_precision(found.values, comparison.relevant),
        "micro_ap": micro_average_precision(found.values, comparison.relevant),
        "bytes_per_video": found.bytes_per_video,
        "ms_per_pair": found.ms_per_pair,
    }


def table_of(comparison: Comparison, found: Mapping[str, Scores]) -> Table:
    """Return a table of all ways over all copies."""
    table = Table("way to compare", "mAP", "micro-AP", "bytes a video", "ms a pair")
    for name, one in found.items():
        own = figures_of(comparison, one)
        table.add_row(
            name,
            f"{own['map']:.3f}",
            f"{own['micro_ap']:.3f}",
            f"{own['bytes_per_video']:,.0f}",
            f"{own['ms_per_pair']:.3f}",
        )
    return table


def table_by_kind(comparison: Comparison, found: Mapping[str, Scores]) -> Table:
    """Return a table of mAP and micro-AP by the kind of copy; each kind has all videos to find it among."""
    table = Table("kind", "copies", *(f"{name}" for name in found))
    for kind in comparison.kinds:
        own = [number for number, query in enumerate(comparison.queries) if query.kind == kind]
        cells = (_cell(one.values[own], comparison, own) for one in found.values())
        table.add_row(kind, str(len(own)), *cells)
    return table


def _cell(values: Floats, comparison: Comparison, own: Sequence[int]) -> str:
    relevant = comparison.relevant[own]
    return f"{mean_average_precision(values, relevant):.2f} / {micro_average_precision(values, relevant):.2f}"


def parser(*, add_help: bool = True) -> argparse.ArgumentParser:
    """Return the parser of the options."""
    made = argparse.ArgumentParser(prog="python -m bench.visil", description=DESCRIPTION, add_help=add_help)
    add = made.add_argument
    add("--shared", type=Path, default=SHARED, help="folder with videos and distractors")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cbvir-bench-visil"
    add("--data", type=Path, default=cache, metavar="FOLDER", help="keep copies there (default: %(default)s)")
    add(
        "--model",
        type=Path,
        default=BUILTIN_VISIL,
        metavar="FILE",
        help="weights (default: the built-in ones)",
    )
    add("--each", type=int, default=12, help="copies of each kind (default: %(default)s)")
    add("--kinds", nargs="*", default=[kind.name for kind in all_kinds()], metavar="KIND")
    add("--slides", type=int, default=200, help="clips made of photographs beside (default: %(default)s)")
    add("--seed", type=int, default=0)
    add("--one-way", action="store_true", help="how much of the copy is in the video, not the other way")
    add("--last", action="store_true", help="copies of the last part of the clips; never for tuning")
    add("--json", type=Path, metavar="FILE", help="write the figures")
    return made
