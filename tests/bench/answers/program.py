"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.answers import tables
from bench.answers.arguments import AnswerArguments, parse
from bench.answers.frame import FrameChecker
from bench.answers.outcomes import AnswerOutcome, figures, judge
from bench.answers.reliability import write_plot
from bench.answers.stages import EVERYTHING, STAGE_OPTIONS
from bench.answers.stock import stock
from bench.answers.strangers import strangers_among
from bench.retrieval.clips import ClipSplit, clips_in, split
from bench.retrieval.frames import frames_between
from bench.retrieval.photographs import distractors, foreign
from bench.retrieval.questions import BenchmarkQuery, questions
from cbvir_core import Library
from cbvir_core.errors import UnknownVideo
from cbvir_core.types import VideoId

PRINTED_WIDTH = 150
"""Width of the output in columns where it is not a terminal."""


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    arguments = parse(line)
    if not arguments.shared.is_dir():
        sys.exit(f"the clips and photographs are not at {arguments.shared}; name their folder with --shared")
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    columns = (TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ExitStack() as held:
        folder = arguments.data or Path(held.enter_context(tempfile.TemporaryDirectory()))
        progress = held.enter_context(Progress(*columns, console=console))
        library = held.enter_context(Library.open(folder, profile="builtin"))
        clips = split(clips_in(arguments.shared / "videos"), arguments.seed)
        fill(library, folder, clips, arguments, progress)
        asked = queries(library, clips, arguments, progress)
        answers = ask_all(library, asked, arguments, progress)
        counts = {"keyframes": library.index_status().rows, "videos": len(list(library.videos()))}
    show(answers, counts, arguments, console)


def fill(
    library: Library, folder: Path, clips: ClipSplit, arguments: AnswerArguments, progress: Progress
) -> None:
    """Put the clips and the photographs into the library."""
    photographs = distractors(arguments.shared / "distractors", arguments.distractors)
    task = progress.add_task("library", total=len(clips.corpus) + len(photographs))
    stock(library, folder, clips, photographs, lambda: progress.advance(task))


def queries(
    library: Library, clips: ClipSplit, arguments: AnswerArguments, progress: Progress
) -> list[BenchmarkQuery]:
    """Return the queries, the same for the same options and keyframes."""
    ours = {clip: library.keyframes(_id(library, clip)) for clip in clips.asked}
    theirs = dict.fromkeys(clips.left_out, ())
    frames = {
        clip: frames_between(clip, keyframes, arguments.seed)
        for clip, keyframes in progress.track({**ours, **theirs}.items(), description="frames")
    }
    here = distractors(arguments.shared / "distractors", arguments.distractors)
    strangers = strangers_among(foreign(arguments.shared / "train_images", arguments.foreign), here)
    _, made = questions(clips, frames, arguments.frames, strangers)
    return [query for query in made if not arguments.kinds or query.kind in arguments.kinds]


def ask_all(
    library: Library, asked: Sequence[BenchmarkQuery], arguments: AnswerArguments, progress: Progress
) -> dict[str, list[AnswerOutcome]]:
    """Ask all queries with every stage, and some of them, evenly chosen, without each stage in turn."""
    every = max(1, round(arguments.frames / max(1, arguments.frames_without)))
    few = thinned(asked, every)
    answers = {EVERYTHING: ask(library, asked, EVERYTHING, arguments, progress)}
    for name in arguments.without:
        answers[name] = ask(library, few, name, arguments, progress)
    return answers


def ask(
    library: Library,
    asked: Sequence[BenchmarkQuery],
    name: str,
    arguments: AnswerArguments,
    progress: Progress,
) -> list[AnswerOutcome]:
    """Ask the queries one after the other."""
    options, seed = STAGE_OPTIONS[name], arguments.seed
    if options.exact_time_s:
        options = replace(options, exact_time_s=arguments.exact_time_s)
    frames = FrameChecker()
    library.search(asked[0].image(seed), options)  # loads and converts the networks
    return [
        judge(query, library.search(query.image(seed), options), frames)
        for query in progress.track(asked, description=name)
    ]


def show(
    answers: Mapping[str, list[AnswerOutcome]],
    counts: Mapping[str, int],
    arguments: AnswerArguments,
    console: Console,
) -> None:
    """Print the tables and write the files that the options name."""
    console.print(", ".join(f"{count:,} {name}" for name, count in counts.items()), highlight=False)
    few = {(one.role, one.kind, one.key) for one in list(answers.values())[-1]}
    same = [one for one in answers[EVERYTHING] if (one.role, one.kind, one.key) in few]
    console.print(tables.stages({**answers, **({f"{EVERYTHING}, these": same} if arguments.without else {})}))
    console.print(tables.kinds(answers[EVERYTHING]))
    console.print(tables.costs(answers))
    if arguments.json:
        arguments.json.write_text(tables.to_json(answers, counts))
    if arguments.plot:
        write_plot(arguments.plot, answers[EVERYTHING], figures(answers[EVERYTHING]).error)


def thinned(asked: Sequence[BenchmarkQuery], every: int) -> list[BenchmarkQuery]:
    """Return every n-th frame in all its perturbations, and every n-th picture that has no answer."""
    keys = list(dict.fromkeys((query.role, query.key) for query in asked))
    turns: dict[str, int] = {}
    kept = set()
    for role, key in keys:
        turn = turns[role] = turns.get(role, -1) + 1
        if turn % every == 0:
            kept.add((role, key))
    return [query for query in asked if (query.role, query.key) in kept]


def _id(library: Library, clip: Path) -> VideoId:
    try:
        return library.find(str(clip)).video_id
    except UnknownVideo:
        sys.exit(f"{clip} could not be read, and queries are made of it")
