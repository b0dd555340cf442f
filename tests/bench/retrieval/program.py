"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.retrieval import tables
from bench.retrieval.arguments import RetrievalArguments, parse
from bench.retrieval.clips import clips_in, split
from bench.retrieval.evaluate import SystemAnswers, ask, describe_corpus, plain
from bench.retrieval.frames import ClipFrame, frames_between
from bench.retrieval.lineup import Lineup
from bench.retrieval.perturbations import PERTURBATIONS
from bench.retrieval.photographs import distractors, foreign
from bench.retrieval.questions import (
    BenchmarkQuery,
    CorpusEntry,
    RetrievalCorpus,
    keyframe_entries,
    photograph_entries,
    questions,
)
from bench.retrieval.sheet import write_sheet
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.search.variants import variants_of

PRINTED_WIDTH = 140
"""Width of the output in columns where it is not a terminal."""

FIGURES_BY_KIND = ("video", "scene", "sure")
"""Figures that are printed by perturbation; the JSON has all."""


@dataclass(frozen=True)
class BenchmarkMaterial:
    """The corpus, the queries, and the frames that queries are made of."""

    corpus: RetrievalCorpus
    queries: tuple[BenchmarkQuery, ...]
    frames: tuple[ClipFrame, ...]

    def counts(self) -> dict[str, int]:
        """Return the numbers of pictures for the output."""
        keyframes = sum(entry.family is not None for entry in self.corpus.entries)
        roles = Counter(query.role for query in self.queries)
        return {
            "keyframes": keyframes,
            "distractors": len(self.corpus) - keyframes,
            "frames": len(self.frames),
            "kinds": len(PERTURBATIONS),
            **{f"queries {role}": count for role, count in roles.items()},
        }


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    arguments = parse(line)
    if not arguments.shared.is_dir():
        sys.exit(f"the clips and photographs are not at {arguments.shared}; name their folder with --shared")
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    with _bar(console) as progress:
        material = gather(arguments, progress)
        if arguments.pictures:
            write_sheet(arguments.pictures, material.frames, arguments.seed)
        with tempfile.TemporaryDirectory() as folder:
            answers = measure(arguments, material, Path(folder), progress)
    show(arguments, answers, material.counts(), console)


def gather(arguments: RetrievalArguments, progress: Progress) -> BenchmarkMaterial:
    """Return the corpus and the queries, the same for the same options."""
    clips = split(clips_in(arguments.shared / "videos"), arguments.seed)
    entries: list[CorpusEntry] = []
    frames: dict[Path, list[ClipFrame]] = {}
    questioned = {*clips.asked, *clips.left_out}
    for clip in progress.track(sorted({*clips.corpus, *questioned}), description="keyframes"):
        keyframes = list(extract_keyframes(clip))
        if clip in questioned:
            frames[clip] = frames_between(clip, keyframes, arguments.seed)
        if clip in clips.corpus:
            entries += keyframe_entries(clip.name, keyframes)
    count = max(1, round(arguments.queries / len(PERTURBATIONS)))
    asked, queries = questions(
        clips, frames, count, foreign(arguments.shared / "train_images", arguments.foreign)
    )
    photographs = distractors(arguments.shared / "distractors", arguments.distractors)
    return BenchmarkMaterial(
        RetrievalCorpus([*entries, *photograph_entries(photographs)]), tuple(queries), tuple(asked)
    )


def measure(
    arguments: RetrievalArguments, material: BenchmarkMaterial, folder: Path, progress: Progress
) -> list[SystemAnswers]:
    """Return the answers of every system to every query."""
    systems = Lineup(arguments, folder).systems()
    described = progress.add_task("corpus", total=len(material.corpus))
    answering = describe_corpus(systems, material.corpus, lambda done: progress.advance(described, done))
    asked = progress.add_task("queries", total=len(material.queries))
    return ask(
        answering,
        material.corpus,
        material.queries,
        arguments.seed,
        variants_of if arguments.variants else plain,
        lambda done: progress.advance(asked, done),
    )


def show(
    arguments: RetrievalArguments, answers: Sequence[SystemAnswers], counts: dict[str, int], console: Console
) -> None:
    """Print the tables and write the files that the options name."""
    console.print(", ".join(f"{count:,} {name}" for name, count in counts.items()), highlight=False)
    console.print(tables.overall(answers))
    for figure in FIGURES_BY_KIND:
        console.print(tables.by_kind(answers, figure))
    if arguments.json:
        arguments.json.write_text(tables.to_json(answers, counts))
    if arguments.markdown:
        arguments.markdown.write_text(tables.markdown(answers))


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)
