"""Measure how probable answers are, and fit the confidence model that comes with cbvir.

    python -m bench.measure.confidence [--write] [--questions 400] [--foreign 300]

The clips of ../../shared/videos are indexed with the built-in weights, once with SOLAR and once without,
together with photographs, which crowd the library as other films would.  The questions are perturbed frames
of the clips, each asked once as it is and once with its own video left out, and photographs that are in no
video.  A model fitted to half of the questions is measured by the other half; the model that is written is
fitted to all of them.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from bench.answers.stock import add_photograph
from bench.retrieval.clips import clips_in
from bench.retrieval.photographs import distractors
from bench.shared_data import SHARED
from cbvir_core.calibration import (
    PERTURBATIONS,
    CalibrationQuestions,
    LabelledEvidence,
    calibration_error,
    false_match_share,
    fit_model,
)
from cbvir_core.decode import read_picture
from cbvir_core.embed import RuntimeOptions
from cbvir_core.errors import CbvirError
from cbvir_core.library import Library
from cbvir_core.search import MATCH_PROBABILITY, ConfidenceModel, confidence
from cbvir_core.weights import find_profile
from support.libraries import active_generation, store_of

MIN_QUALITY = 0.05
"""Quality of a keyframe from which on it is asked about."""

ZERO_MODEL = ConfidenceModel(*2 * ((0.0,) * 9, (0.0,) * 7, (0.0,) * 3))


def samples(folder: Path, models: Path, options: argparse.Namespace) -> list[LabelledEvidence]:
    """Fill a library in `folder`, and return the evidence for its answers."""
    pictures = distractors(SHARED / "distractors", options.photographs + options.foreign)
    with Library.open(
        folder, profile="measured", models_dir=models, runtime=RuntimeOptions(threads=2)
    ) as library:
        for clip in clips_in(SHARED / "videos"):
            with suppress(CbvirError):
                library.add(clip)
        store = store_of(library)
        rows = [
            row.row
            for video in store.videos()
            for row in store.keyframes(video.video_id)
            if row.quality > MIN_QUALITY
        ]
        for number, photograph in enumerate(pictures[: options.photographs]):
            add_photograph(library, number, photograph)
        for step in (library.backfill, library.backfill_features, library.maintain):
            while step():
                pass
        rng = np.random.default_rng(options.seed)
        questions = CalibrationQuestions(store, active_generation(library).searcher, options.seed)
        found: list[LabelledEvidence] = []
        for number in range(options.questions):
            found += questions.about(int(rng.choice(rows)), number)
        for number, (_, data) in enumerate(pictures[options.photographs :]):
            perturb = PERTURBATIONS[number % len(PERTURBATIONS)]
            rng = np.random.default_rng([options.seed, number])
            found += questions.foreign(perturb(read_picture(data), rng), options.questions + number)
        return found


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
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--foreign", type=int, default=300)
    parser.add_argument("--photographs", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    profile = find_profile("builtin", None)
    found: list[LabelledEvidence] = []
    with tempfile.TemporaryDirectory() as name:
        for part in ("filter", "refine"):
            models = Path(name) / part / "models"
            (models / "measured").mkdir(parents=True)
            shutil.copy(profile.filter, models / "measured" / "filter.safetensors")
            if part == "refine":
                if profile.refine is None:
                    continue
                shutil.copy(profile.refine, models / "measured" / "refine.safetensors")
            found += samples(Path(name) / part / "data", models, options)
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
