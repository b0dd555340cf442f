"""The benchmark, from its command line to its tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.answers.strangers import strangers_among
from bench.films import tables
from bench.films.arguments import FilmArguments, parse
from bench.films.edits import frames_in
from bench.films.judging import FilmJudge, FilmOutcome
from bench.films.library import IngestCost, library_folder, made_library
from bench.films.making import make_film, make_photograph_films
from bench.films.parts import divide
from bench.films.pictures import write_pictures
from bench.films.plan import FIXED_GOP, X264, FilmPlan, deal, stretch_of
from bench.films.questions import (
    FilmQuestion,
    absent_kinds,
    absent_questions,
    asked_questions,
    draw_frames,
    frames_needed,
    known_kinds,
    photograph_questions,
    thinned,
)
from bench.films.reliability import write_reliability
from bench.films.stages import EVERY_STAGE, without
from bench.retrieval.clips import clips_in
from bench.retrieval.photographs import Photograph, distractors
from cbvir_core import Library
from cbvir_core.search import SearchOptions

PRINTED_WIDTH = 150
"""Width of the output in columns where it is not a terminal."""

MAX_ABSENT_STRETCH_S = 12.0
"""Seconds of an absent clip that questions are made of, so that none of them outweighs the others."""


@dataclass(frozen=True)
class FilmSet:
    """The films on disk: those in the library, and those that are not.

    `absent` shows clips that were never learnt, `absent_company` learnt ones; either may be empty.
    """

    present: Mapping[Path, FilmPlan]
    absent: Mapping[Path, FilmPlan]
    absent_company: Mapping[Path, FilmPlan]
    photographs: Sequence[Path]


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    arguments = parse(line)
    if not arguments.shared.is_dir():
        sys.exit(f"the clips and photographs are not at {arguments.shared}; name their folder with --shared")
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    columns = (TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stdout.isatty()) as progress:
        measure(arguments, console, progress)


def measure(arguments: FilmArguments, console: Console, progress: Progress) -> None:
    """Make films and library where they are not there yet, ask, and print."""
    pictures = distractors(arguments.shared / "distractors", 10_000)
    begun = time.perf_counter()
    films = make_films(arguments, pictures[: arguments.photographs], progress)
    console.print(f"films are ready after {time.perf_counter() - begun:.0f} s", highlight=False)
    questions = all_questions(arguments, films, pictures)
    if arguments.pictures:
        write_pictures(arguments.pictures, questions, arguments.seed)
        return
    folder, ingested, now = film_library(arguments, films, progress)
    console.print(tables.ingest(ingested, now))
    with Library.open(folder, profile="builtin") as library:
        answers = ask_all(library, questions, arguments, progress)
    show(answers, console)
    if arguments.json:
        arguments.json.write_text(tables.to_json(answers, ingested))
    if arguments.plot:
        write_reliability(arguments.plot, answers[EVERY_STAGE])


def make_films(arguments: FilmArguments, photographs: Sequence[Photograph], progress: Progress) -> FilmSet:
    """Return the films of a part of the clips, made where they are not there yet."""
    parts = divide(clips_in(arguments.shared / "videos"), last=arguments.last)
    folder = arguments.data / "films"
    stretches = [stretch_of(clip, asked=True) for clip in parts.asked]
    stretches += [stretch_of(clip, asked=False) for clip in parts.company]
    plans = {
        "present": deal(stretches, seed=0),
        "absent": absent_film("absent", parts.absent),
        "absent_company": absent_film("absent-company", parts.absent_company),
    }
    making = progress.add_task("films", total=sum(map(len, plans.values())))
    made: dict[str, dict[Path, FilmPlan]] = {use: {} for use in plans}
    for use, own in plans.items():
        for plan in own:
            made[use][make_film(plan, folder)] = plan
            progress.advance(making)
    return FilmSet(**made, photographs=make_photograph_films(photographs, folder))


def film_library(
    arguments: FilmArguments, films: FilmSet, progress: Progress
) -> tuple[Path, list[IngestCost], bool]:
    """Return the library of the films, made where it is not there yet, with what `made_library` returns."""
    groups = {"clips": list(films.present), "photographs": films.photographs}
    folder = library_folder(arguments.data, [film for own in groups.values() for film in own])
    adding = progress.add_task("library", total=len(films.present) + len(films.photographs))
    costs, now = made_library(folder, groups, lambda name: progress.advance(adding), fresh=arguments.fresh)
    return folder, costs, now


def absent_film(name: str, clips: Sequence[Path]) -> list[FilmPlan]:
    """Return the plan of a film with the beginnings of these clips; none where there are no clips."""
    shown = tuple(stretch_of(clip, asked=True, max_s=MAX_ABSENT_STRETCH_S) for clip in clips)
    return [FilmPlan(name, shown, (*X264, *FIXED_GOP))] if shown else []


def all_questions(
    arguments: FilmArguments, films: FilmSet, pictures: Sequence[Photograph]
) -> list[FilmQuestion]:
    """Return the questions, the same for the same options."""
    kinds, seed, third = known_kinds(arguments.kinds), arguments.seed, round(arguments.absent / 3)
    needed = frames_needed(kinds, arguments.unedited, arguments.each)
    frames = draw_frames(films.present, needed, seed, 0)
    questions = asked_questions(frames, kinds, arguments.unedited, arguments.each)
    present = [one.clip.name for plan in films.present.values() for one in plan.stretches]
    for purpose, absent in enumerate((films.absent, films.absent_company), start=1):
        if not absent:
            continue
        shown = sum(frames_in(kind) for kind in absent_kinds(kinds, third))
        questions += absent_questions(draw_frames(absent, shown, seed, purpose), kinds, third, present)
    known = pictures[: arguments.photographs]
    others = pictures[-2 * (arguments.absent - 2 * third) :] if arguments.absent else []
    strangers = strangers_among(others, known)[: arguments.absent - 2 * third]
    return questions + photograph_questions(strangers, kinds)


def ask_all(
    library: Library, questions: Sequence[FilmQuestion], arguments: FilmArguments, progress: Progress
) -> dict[str, list[FilmOutcome]]:
    """Ask all questions with every stage, and some of them without each of the stages named."""
    options = SearchOptions(exact_time_s=arguments.exact_time_s)
    answers = {EVERY_STAGE: ask(library, questions, options, EVERY_STAGE, arguments.seed, progress)}
    few = list(thinned(questions, arguments.every))
    for stage in arguments.without:
        answers[f"without {stage}"] = ask(
            library, few, without(stage, options), stage, arguments.seed, progress
        )
    return answers


def ask(
    library: Library,
    questions: Sequence[FilmQuestion],
    options: SearchOptions,
    name: str,
    seed: int,
    progress: Progress,
) -> list[FilmOutcome]:
    """Ask the questions one after the other."""
    judge = FilmJudge()
    progress.console.print(f"{len(questions)} questions, {name}", highlight=False)
    library.search(questions[0].image(seed), options)  # loads and converts the networks
    return [
        judge.judge(question, library.search(question.image(seed), options))
        for question in progress.track(questions, description=name)
    ]


def show(answers: Mapping[str, list[FilmOutcome]], console: Console) -> None:
    """Print the tables."""
    every = answers[EVERY_STAGE]
    console.print(tables.kinds(every))
    console.print(tables.origins(every))
    if len(answers) > 1:
        few = {(one.role, one.kind, one.key) for one in list(answers.values())[-1]}
        same = [one for one in every if (one.role, one.kind, one.key) in few]
        console.print(tables.stages({f"{EVERY_STAGE}, these": same, **dict(list(answers.items())[1:])}))
    console.print(tables.costs(answers))
    console.print(tables.summary(every))
