"""Measure how probable answers are, and fit the confidence model that comes with cbvir.

    python -m bench.measure.confidence --data FOLDER [--write] [--questions 300] [--foreign 200]

The questions are hard on purpose.  Clips that the networks were trained on are joined to films with I-frames
that are far apart and not at cuts, and films of photographs crowd the library.  Perturbed frames of the films
are asked for, each once as it is and once with its own film left out.  Pictures without an answer are asked
for too: frames of clips of the same series that are in no film, and photographs that are in none.  Clips that
`bench.films` asks about take no part.  A model fitted to half of the questions is measured by the other half;
the model that is written is fitted to all of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.films.film_frames import frames_at
from bench.films.parts import clip_duration_s
from bench.learnt_films import learnt_films
from cbvir_core.calibration import (
    PERTURBATIONS,
    CalibrationQuestions,
    LabelledEvidence,
    calibration_error,
    false_match_share,
    fit_model,
)
from cbvir_core.decode import read_picture
from cbvir_core.library import Library
from cbvir_core.search import MATCH_PROBABILITY, ConfidenceModel, confidence
from cbvir_core.types import Image
from support.libraries import store_of
from support.searchers import without_refinement

MIN_QUALITY = 0.05
"""Quality of a keyframe from which on it is asked about."""

FRAMES_OF_CLIP = 20
"""Frames that are asked for of a clip that is in no film."""

ZERO_MODEL = ConfidenceModel.even()


def samples(options: argparse.Namespace) -> list[LabelledEvidence]:
    """Fill a library in the folder of data where there is none, and return the evidence for its answers."""
    made = learnt_films(options.data, options.photographs)
    found: list[LabelledEvidence] = []
    with Library.open(made.folder, profile="builtin") as library:
        store = store_of(library)
        rows = [
            row.row
            for film in made.films
            if (video := library.video_at(film.resolve()))
            for row in store.keyframes(video.video_id)
            if row.quality > MIN_QUALITY
        ]
        foreign = [read_picture(data) for _, data in made.photographs[: options.foreign]]
        foreign += [image for clip in made.absent for image in frames_of(clip, FRAMES_OF_CLIP)]
        for searcher in without_refinement(library):
            questions = CalibrationQuestions(store, searcher, options.seed)
            rng = np.random.default_rng(options.seed)
            for number in range(options.questions):
                found += questions.about(int(rng.choice(rows)), number)
                if number % 20 == 19:
                    print(f"{number + 1} of {options.questions} questions", flush=True)
            for number, image in enumerate(foreign):
                perturb = PERTURBATIONS[number % len(PERTURBATIONS)]
                picture = perturb(image, np.random.default_rng([options.seed, number]))
                found += questions.foreign(picture, options.questions + number, shown=image)
                if number % 50 == 49:
                    print(f"{number + 1} of {len(foreign)} without an answer", flush=True)
    return found


def frames_of(clip: Path, count: int) -> Iterator[Image]:
    """Yield frames of a clip, evenly spread."""
    times_s = np.linspace(0.0, 0.97, count) * clip_duration_s(clip)
    for _, image in frames_at(clip, times_s.tolist()):
        yield image


def report(found: list[LabelledEvidence]) -> None:
    """Fit a model to a random half of the questions, and print how it does on the other half."""
    measured = np.random.default_rng(0).permutation(1 + max(one.question for one in found)) % 2 == 1
    model = fit_model([one for one in found if not measured[one.question]], ZERO_MODEL)
    others = [one for one in found if measured[one.question]]
    for name in sorted({one.evidence.model_name for one in found}):
        report_model(name, model, [one for one in others if one.evidence.model_name == name])
    for refined in (True, False):
        own = [one for one in others if one.evidence.refined is refined]
        full = {(one.question, one.absent): one for one in reversed(own)}.values()
        share = np.mean([model.probability(one.evidence) >= MATCH_PROBABILITY for one in full if one.right])
        probabilities = [model.probability(one.evidence) for one in full]
        error = calibration_error(probabilities, [one.right for one in full])
        print(f"with all evidence, {'filter and SOLAR' if refined else 'filter alone'}: error {error:.3f},")
        print(f"   right ones called a match {share:.3f}, false ones {false_match_share(model, own):.4f}")


def report_model(name: str, model: ConfidenceModel, answers: list[LabelledEvidence]) -> None:
    """Print the weights of one of the six models, its error, and its right and wrong answers."""
    probabilities = np.array([model.probability(one.evidence) for one in answers])
    right = np.array([one.right for one in answers])
    error = calibration_error(probabilities.tolist(), right.tolist())
    print(f"{name}: {len(answers)} answers, {right.mean():.2f} right, calibration error {error:.3f}")
    print("   weights", [round(weight, 2) for weight in getattr(model, name)])
    for least in (0.5, 0.8, 0.9, 0.95, 0.98):
        wrong = (probabilities >= least) & ~right
        print(
            f"   {least}: right ones that reach it {(probabilities[right] >= least).mean():.3f}, "
            f"wrong {wrong.sum()} of {(~right).sum()}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.confidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="where films and library are kept")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--foreign", type=int, default=200)
    parser.add_argument("--photographs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = samples(options)
    report(found)
    if options.write:
        model = fit_model(found, ZERO_MODEL)
        details = {
            "made_by": "tests/bench/measure/confidence.py",
            "seed": options.seed,
            "answers": len(found),
        }
        (Path(confidence.__file__).parent / confidence.MODEL_FILE).write_text(model.dump(details))


if __name__ == "__main__":
    main()
