"""Measure how probable the segments of clips are, and fit the model that comes with cbvir.

    python -m bench.measure.clip_confidence --data FOLDER [--write] [--each 12] [--absent 8] [--json FILE]
    python -m bench.measure.clip_confidence --read FILE

The copies are made of clips that the networks were trained on, changed in every way of `bench.clips` and cut
to several lengths; clips that `bench.clips` asks about take no part.  Each is asked as it is and once with
its own films left out, and copies of clips that are in no film are asked too.  A model fitted to half of the
copies is measured by the other half; the model that is written is fitted to all of them.  The model that
comes with cbvir is measured by all.  The second line measures what --json has written before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bench.clips.copies import KINDS, length_kinds
from bench.clips.judging import shows_piece
from bench.clips.questions import ClipQuestion, Piece, clip_questions
from bench.films.plan import FilmPlan
from bench.learnt_films import learnt_films
from cbvir_core.align import AlignedSegment
from cbvir_core.calibration import calibration_error
from cbvir_core.clips import ClipSearcher, evidence, read_clip
from cbvir_core.clips.evidence import CLIP_FIGURES, CLIP_MODEL_FILE, SegmentEvidence
from cbvir_core.library import Library
from cbvir_core.search import MATCH_PROBABILITY, SearchOptions, fit_weights
from cbvir_core.search.confidence import logistic
from cbvir_core.types import VideoId
from support.libraries import active_generation, store_of

SEGMENTS_OF_QUESTION = 6
"""Segments of each question that are counted, those with the best scores."""


@dataclass(frozen=True)
class LabelledSegment:
    """What the model weighs of a segment, and whether it is right.

    `question` counts copies; `words` say what was asked and what was found.
    """

    question: int
    figures: tuple[float, ...]
    right: bool
    words: str


def samples(options: argparse.Namespace) -> list[LabelledSegment]:
    """Return the evidence for the answers to every copy, asked with and without its films."""
    made = learnt_films(options.data, options.photographs)
    kinds = [*KINDS, *length_kinds()]
    absent_films = made.absent_films(options.data)
    plans = {**made.films, **absent_films}
    known = clip_questions(made.films, kinds, options.each, options.seed, is_known=True)
    absent = clip_questions(absent_films, kinds, options.absent, options.seed, is_known=False)
    found: list[LabelledSegment] = []
    with Library.open(made.folder, profile="builtin") as library:
        active = active_generation(library)
        assert active.frames is not None
        searcher = ClipSearcher(store_of(library), active.frames)
        videos = {film: library.video_at(film.resolve()) for film in made.films}
        for number, question in enumerate([*known, *absent]):
            clip = read_clip(question.file(options.data / "copies"), active.frames.encoder)
            own = {video.video_id for one in question.pieces if (video := videos.get(one.film))}
            for without in {frozenset[VideoId](), frozenset(own)}:
                answers = searcher.evidence(clip, replace(SearchOptions(), without=without))
                found += labelled(number, question, answers, library, plans)
            if number % 20 == 19:
                print(f"{number + 1} of {len(known) + len(absent)} copies", flush=True)
    return found


def labelled(
    number: int,
    question: ClipQuestion,
    answers: Sequence[SegmentEvidence],
    library: Library,
    plans: Mapping[Path, FilmPlan],
) -> Iterator[LabelledSegment]:
    """Yield the best segments of an answer with whether each is right.

    One that names another time of the same clip in the same film is neither: such a clip is often one shot.
    """
    for one in answers[:SEGMENTS_OF_QUESTION]:
        video = library.video(one.found.window.video_id)
        films = {path.resolve() for path in video.paths} if video else set()
        own = [piece for piece in question.pieces if piece.film.resolve() in films]
        right = any(shows_piece(question, piece, one.found.segment) for piece in own)
        if not right and any(_same_clip(plans[piece.film], piece, one.found.segment) for piece in own):
            continue
        asked = ", ".join(f"{piece.film.stem} from {piece.start_s:.1f} s" for piece in question.pieces)
        span, film = one.found.segment.span, min(films, default=Path("?")).stem
        words = f"{question.kind.name} of {asked}: {film} from {span[0]:.1f} to {span[1]:.1f} s"
        yield LabelledSegment(number, tuple(one.figures()), right, words)


def _same_clip(plan: FilmPlan, piece: Piece, segment: AlignedSegment) -> bool:
    """Return whether a segment lies in the clip of a film that a piece is of."""
    return any(
        start_s <= piece.start_s < end_s and segment.span[0] < end_s and segment.span[1] > start_s
        for _, start_s, end_s in plan.spans()
    )


def report(found: Sequence[LabelledSegment]) -> None:
    """Fit a model to a random half of the copies, and print how it does on the other half."""
    measured = np.random.default_rng(0).permutation(1 + max(one.question for one in found)) % 2 == 1
    weights = fitted([one for one in found if not measured[one.question]])
    print("fitted to half of the copies, measured by the other half:")
    _figures(weights, [one for one in found if measured[one.question]])
    print("the model that comes with cbvir, measured by all copies:")
    _figures(evidence.clip_weights(), found)


def _figures(weights: Sequence[float], others: Sequence[LabelledSegment]) -> None:
    """Print how probabilities by these weights agree with what is right."""
    probabilities = np.array([logistic(weights, one.figures) for one in others])
    right = np.array([one.right for one in others])
    error = calibration_error(probabilities.tolist(), right.tolist())
    print(f"{len(others)} segments, {right.mean():.2f} right, calibration error {error:.3f}")
    print("   weights", dict(zip(("constant", *CLIP_FIGURES), weights, strict=True)))
    for least in (0.5, 0.8, MATCH_PROBABILITY, 0.95, 0.98):
        wrong = (probabilities >= least) & ~right
        print(
            f"   {least}: right ones that reach it {(probabilities[right] >= least).mean():.3f}, "
            f"wrong {wrong.sum()} of {(~right).sum()}"
        )
    for probability, one in zip(probabilities.tolist(), others, strict=True):
        if probability >= MATCH_PROBABILITY and not one.right:
            print(f"   wrong with {probability:.2f}: {one.words}")


def _read(path: Path) -> list[LabelledSegment]:
    """Return the segments that --json has written."""
    known = json.loads(path.read_text("utf-8"))
    return [LabelledSegment(**one | {"figures": tuple(one["figures"])}) for one in known]


def fitted(found: Sequence[LabelledSegment]) -> tuple[float, ...]:
    """Return the weights that fit the segments."""
    return fit_weights([one.figures for one in found], [one.right for one in found])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.clip_confidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, help="where films, copies and library are kept")
    parser.add_argument("--read", type=Path, metavar="FILE", help="ask nothing; take the segments of --json")
    parser.add_argument("--each", type=int, default=12, help="copies of each kind (default: %(default)s)")
    parser.add_argument("--absent", type=int, default=8, help="of each kind, of films that are not there")
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="fit the model that comes with cbvir")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every segment")
    options = parser.parse_args()
    if (options.data is None) == (options.read is None):
        parser.error("give either --data or --read")
    found = samples(options) if options.read is None else _read(options.read)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")
    report(found)
    if options.write:
        details = {
            "weights": fitted(found),
            "made_by": "tests/bench/measure/clip_confidence.py",
            "seed": options.seed,
            "segments": len(found),
        }
        path = Path(evidence.__file__).parent / CLIP_MODEL_FILE
        path.write_text(json.dumps(details, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
