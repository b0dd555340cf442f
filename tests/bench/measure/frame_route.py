"""Measures the frame route by itself, on the films and questions of `bench.films`.

    python -m bench.measure.frame_route [--data FOLDER] [--unedited 30] [--each 4] [--probes 12 24 48 96]

For each number of probed lists it prints in how many questions a frame of a right scene is the most similar
one, and among the best twelve, which are as many as a query takes in hand; and the milliseconds of a search.
Parts of the picture are not looked for.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from rich.progress import Progress

from bench.films.arguments import parse
from bench.films.judging import span_holds
from bench.films.program import all_questions, film_library, make_films
from bench.films.questions import FilmQuestion
from bench.retrieval.photographs import distractors
from cbvir_core.index import frame_lists
from cbvir_core.library import Library
from cbvir_core.search.bounds import BEST_SCENES
from cbvir_core.search.frames import FrameFinder, FrameMatch
from cbvir_core.search.variants import variants_of
from cbvir_core.store import Store
from support.libraries import active_generation, store_of


@contextmanager
def probing(lists: int) -> Iterator[None]:
    """Search that many lists for each view."""
    before, frame_lists.PROBED_LISTS = frame_lists.PROBED_LISTS, lists
    try:
        yield
    finally:
        frame_lists.PROBED_LISTS = before


def is_right(store: Store, question: FilmQuestion, match: FrameMatch) -> bool:
    """Return whether a scene that was found holds a moment of the question."""
    (keyframe,) = store.keyframe_rows([match.row])
    video = None if keyframe is None else store.video(keyframe.keyframe_id.video)
    return (
        keyframe is not None
        and video is not None
        and any(
            one.film.name == video.paths[0].name
            and span_holds(keyframe.scene_start_s, keyframe.scene_end_s, one.time_s)
            for one in question.moments
        )
    )


def measure(store: Store, finder: FrameFinder, questions: Sequence[FilmQuestion], lists: int) -> None:
    """Ask all questions with that many probed lists, and print."""
    ranks, spent_s = [], 0.0
    with probing(lists):
        for question in questions:
            views = finder.describe(variants_of(question.image(0)))
            begun = time.perf_counter()
            found = finder.find(views, None)
            spent_s += time.perf_counter() - begun
            right = [is_right(store, question, match) for match in found.values()]
            ranks.append(right.index(True) if any(right) else len(found) + 1)
    rank = np.array(ranks)
    for name, chosen in kinds_of(questions):
        of_kind = rank[chosen]
        first, taken = np.mean(of_kind == 0), np.mean(of_kind < BEST_SCENES.candidates)
        print(f"{lists:4} lists  {name:14} {len(of_kind):4}  first {first:.3f}  taken {taken:.3f}")
    print(f"{lists:4} lists  {1000 * spent_s / len(questions):.0f} ms a search", flush=True)


def kinds_of(questions: Sequence[FilmQuestion]) -> list[tuple[str, list[int]]]:
    """Return the places of the questions of each kind, and of all."""
    kinds = dict.fromkeys(question.kind for question in questions)
    found = [(kind, [n for n, one in enumerate(questions) if one.kind == kind]) for kind in kinds]
    return [*found, ("all", list(range(len(questions))))]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.frame_route",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", help="folder of films and library (default: that of bench.films)")
    parser.add_argument("--unedited", type=int, default=30)
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--probes", type=int, nargs="+", default=[12, 24, 48, 96])
    options = parser.parse_args()
    line = ["--unedited", str(options.unedited), "--each", str(options.each), "--absent", "0"]
    arguments = parse(line + (["--data", options.data] if options.data else []))
    pictures = distractors(arguments.shared / "distractors", 10_000)
    with Progress(disable=not sys.stdout.isatty()) as progress:
        films = make_films(arguments, pictures[: arguments.photographs], progress)
        questions = all_questions(arguments, films, pictures)
        folder, *_ = film_library(arguments, films, progress)
    with Library.open(folder, profile="builtin") as library:
        library.load_filter()
        finder = active_generation(library).frames
        assert finder is not None
        for lists in options.probes:
            measure(store_of(library), finder, questions, lists)


if __name__ == "__main__":
    main()
