"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.clips.company import with_company
from bench.clips.copies import KINDS, length_kinds
from bench.clips.judging import ClipOutcome, judge
from bench.clips.peer_table import PEERS, ask_peers, show_peers
from bench.clips.questions import ClipQuestion, clip_questions
from bench.films.arguments import parse as parse_films
from bench.films.program import FilmSet, film_library, make_films
from bench.retrieval.photographs import distractors
from cbvir_core import Library
from cbvir_core.calibration import calibration_error
from cbvir_core.search import SearchOptions

DESCRIPTION = "Ask with copies of parts of films: is the film found, and where the part begins and ends?"
PRINTED_WIDTH = 150


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.clips", description=DESCRIPTION)
    parser.add_argument("--each", type=int, default=8, help="copies of each kind (default: %(default)s)")
    parser.add_argument("--absent", type=int, default=3, help="of each kind, of films that are not there")
    parser.add_argument("--lengths", action="store_true", help="unedited copies of several lengths instead")
    parser.add_argument("--kinds", nargs="*", default=[one.name for one in KINDS], metavar="KIND")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome")
    parser.add_argument("--hours", type=float, default=0.0, help="hours of other film in the library beside")
    parser.add_argument(
        "--peers", nargs="*", choices=[*PEERS, []], metavar="PEER", help=f"ask these too: {', '.join(PEERS)}"
    )
    parser.add_argument("--without", action="store_true", help="ask again without each part, each alone")
    parser.add_argument("--last", action="store_true", help="ask about the last part of the clips")
    parser.add_argument("--data", metavar="FOLDER", help="keep films, copies and library there")
    arguments = parser.parse_args(line)
    films_line = ["--data", arguments.data] if arguments.data else []
    films_arguments = parse_films([*films_line, *(["--last"] if arguments.last else [])])
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    with Progress(console=console, disable=not sys.stdout.isatty()) as progress:
        pictures = distractors(films_arguments.shared / "distractors", 10_000)
        films = make_films(films_arguments, pictures[: films_arguments.photographs], progress)
        folder, _, _ = film_library(films_arguments, films, progress)
        if arguments.hours:
            folder = with_company(folder, films_arguments.shared / "train_images", arguments.hours)
        questions = all_questions(arguments, films)
        files = [one.file(films_arguments.data / "copies") for one in questions]
        with Library.open(folder, profile="builtin") as library:
            outcomes = [
                judge(one, library.search_clip(file))
                for one, file in progress.track(
                    list(zip(questions, files, strict=True)), description="copies"
                )
            ]
            without = ask_without(library, questions, files, progress) if arguments.without else {}
            if arguments.peers:
                peer_outcomes = ask_peers(
                    arguments.peers, library, list(films.present), questions, files, progress
                )
    show(console, outcomes)
    for name, own in without.items():
        console.print(f"without {name}", highlight=False)
        show(console, own, totals_only=True)
    if arguments.peers:
        show_peers(console, outcomes, peer_outcomes)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(one) for one in outcomes], indent=1))


WITHOUT: Mapping[str, SearchOptions] = {
    "regions (whole frames alone)": SearchOptions(regions=False),
    "mirrored frames": SearchOptions(mirrored=False),
    "local features": SearchOptions(verify="never"),
}
"""Parts of the search that are left out, each alone, to see what it is worth."""


def ask_without(
    library: Library, questions: Sequence[ClipQuestion], files: Sequence[Path], progress: Progress
) -> dict[str, list[ClipOutcome]]:
    """Return the outcomes without each part, by what was left out."""
    return {
        name: [
            judge(question, library.search_clip(file, options))
            for question, file in progress.track(
                list(zip(questions, files, strict=True)), description=f"without {name}"
            )
        ]
        for name, options in WITHOUT.items()
    }


def all_questions(arguments: argparse.Namespace, films: FilmSet) -> list[ClipQuestion]:
    """Return the questions, the same for the same options."""
    kinds = length_kinds() if arguments.lengths else [one for one in KINDS if one.name in arguments.kinds]
    known = clip_questions(films.present, kinds, arguments.each, arguments.seed, is_known=True)
    absent = {**films.absent, **films.absent_company}
    return known + clip_questions(absent, kinds, arguments.absent, arguments.seed, is_known=False)


def show(console: Console, outcomes: Sequence[ClipOutcome], *, totals_only: bool = False) -> None:
    """Print a table by kind, and of all; or the latter alone."""
    table = Table(
        "kind", "copies", "video", "ends .5 s", "ends .2 s", "turned", "match", "absent match", "ms"
    )
    kinds = [] if totals_only else list(dict.fromkeys(one.kind for one in outcomes))
    for name, own in [
        *((kind, [one for one in outcomes if one.kind == kind]) for kind in kinds),
        ("all", list(outcomes)),
    ]:
        known, absent = [one for one in own if one.is_known], [one for one in own if not one.is_known]
        table.add_row(
            name,
            str(len(known)),
            _share(one.video for one in known),
            _share(one.off_s is not None and one.off_s <= 0.5 for one in known),
            _share(one.off_s is not None and one.off_s <= 0.2 for one in known),
            _share(one.turned for one in known),
            _share(one.verdict == "match" for one in known),
            f"{sum(one.verdict == 'match' for one in absent)} of {len(absent)}",
            f"{sum(one.took_ms for one in own) / max(1, len(own)):.0f}",
        )
    console.print(table)
    error = calibration_error(
        [one.probability for one in outcomes], [one.is_known and one.video for one in outcomes]
    )
    console.print(f"expected calibration error of the first result: {error:.3f}", highlight=False)


def _share(values: Iterable[bool]) -> str:
    listed = list(values)
    return f"{sum(listed) / len(listed):.2f}" if listed else ""
