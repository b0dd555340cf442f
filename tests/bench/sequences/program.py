"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.sequences.material import BothEncoders, SequenceMaterial, SequencePlan, make_material
from bench.sequences.ways import WayScores, all_ways, mean_average_precision_of
from bench.shared_data import SHARED
from bench.visil.material import all_kinds
from cbvir_core.embed import RuntimeOptions, ViewEncoder
from cbvir_core.sequences import SequenceModel
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.weights import find_profile

DESCRIPTION = "Ask with copies of pieces of clips for the few seconds of film that they were cut from."
PRINTED_WIDTH = 150

ASKED_CHUNK_S = 4.0
"""Seconds of the clips that answer.  Of ten seconds, as the paper has them, every way finds nine kinds of
copies without a mistake (``--chunk-s 10``); shorter ones have neighbours in the film that look like them."""

MATRIX_WAY, LSTM_WAY = "matrix, best path", "LSTM"


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    arguments = _parser().parse_args(line)
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    model = SequenceModel(arguments.weights)
    weights = find_profile("builtin", None).filter
    cache = arguments.data / "networks"
    features = FeatureEncoder(weights, cache=cache)
    model.check_filter(features.fingerprint)
    encoder = BothEncoders(features, ViewEncoder(weights, RuntimeOptions(cache=cache)))
    plan = SequencePlan(
        arguments.shared,
        arguments.data,
        tuple(arguments.kinds),
        arguments.each,
        arguments.photographs,
        arguments.chunk_s,
        arguments.seed,
        arguments.last,
    )
    with Progress(console=console, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=None)
        material = make_material(
            plan, encoder, lambda what: progress.update(task, description=what[:60], advance=1)
        )
        found = all_ways(material, model)
    console.print(
        f"{len(material.queries)} copies, {len(material.gallery)} clips, {model.header.label}",
        highlight=False,
    )
    console.print(table_of(material, found))
    console.print(table_by_kind(material, found))
    console.print(verdict(material, found), highlight=False)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures_of(material, found), indent=1))


def figures_of(material: SequenceMaterial, found: Mapping[str, WayScores]) -> dict[str, dict[str, float]]:
    """Return the figures of every way: mAP, the share of queries with a right clip first, time, bytes."""
    return {
        name: {
            "map": mean_average_precision_of(one.values, material.relevant),
            "first": first_right(one, material),
            "us_per_pair": one.us_per_pair,
            "bytes_per_clip": float(one.bytes_per_clip),
        }
        for name, one in found.items()
    }


def first_right(scores: WayScores, material: SequenceMaterial) -> float:
    """Return the share of queries whose best clip is right."""
    best = scores.values.argmax(axis=1)
    ranked = np.isfinite(scores.values.max(axis=1))
    return float((material.relevant[np.arange(len(best)), best] & ranked).mean())


def table_of(material: SequenceMaterial, found: Mapping[str, WayScores]) -> Table:
    """Return a table of all ways over all copies."""
    table = Table("way to compare", "mAP", "right first", "us a pair", "bytes a clip")
    for name, own in figures_of(material, found).items():
        cells = (f"{own['map']:.3f}", f"{own['first']:.3f}", f"{own['us_per_pair']:.1f}")
        table.add_row(name, *cells, f"{own['bytes_per_clip']:,.0f}")
    return table


def table_by_kind(material: SequenceMaterial, found: Mapping[str, WayScores]) -> Table:
    """Return a table of mAP by the kind of copy; each kind has the whole gallery."""
    table = Table("kind", "copies", *found)
    kinds = np.array(material.kinds)
    for kind in dict.fromkeys(material.kinds):
        own = kinds == kind
        cells = (mean_average_precision_of(one.values[own], material.relevant[own]) for one in found.values())
        table.add_row(kind, str(int(own.sum())), *(f"{value:.2f}" for value in cells))
    return table


def verdict(material: SequenceMaterial, found: Mapping[str, WayScores]) -> str:
    """Return a sentence that says whether the LSTM or the matrix does better, and by how much."""
    one, other = (
        mean_average_precision_of(found[n].values, material.relevant) for n in (LSTM_WAY, MATRIX_WAY)
    )
    what = "worse" if one < other else "no worse"
    return f"the LSTM does {what} than the matrix: mAP {one:.3f} against {other:.3f}"


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bench.sequences", description=DESCRIPTION)
    add = made.add_argument
    trained = "weights of python -m cbvir_core.train sequence --videos"
    add("weights", type=Path, metavar="WEIGHTS", help=trained)
    add("--shared", type=Path, default=SHARED, help="folder with videos and distractors")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cbvir-bench-sequences"
    add("--data", type=Path, default=cache, metavar="FOLDER", help="keep films there (default: %(default)s)")
    add("--each", type=int, default=8, help="copies of each kind (default: %(default)s)")
    add("--kinds", nargs="*", default=[kind.name for kind in all_kinds()], metavar="KIND")
    add("--photographs", type=int, default=1000, help="photographs in films beside (default: %(default)s)")
    chunk = "seconds of the clips that answer, about: shorter ones have neighbours that look like them"
    add("--chunk-s", type=float, default=ASKED_CHUNK_S, metavar="N", help=f"{chunk} (default: %(default)g)")
    add("--seed", type=int, default=0)
    add("--last", action="store_true", help="copies of the last part of the clips; never for tuning")
    add("--json", type=Path, metavar="FILE", help="write the figures")
    return made
