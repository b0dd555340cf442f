"""The fit of the confidence model to a library, and the choice between the new model and the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cbvir_core.calibration.measures import (
    ReliabilityBin,
    calibration_error,
    false_share,
    is_better,
    log_losses,
    reliability_bins,
)
from cbvir_core.calibration.questions import QUESTION_KINDS, CalibrationQuestions, LabelledEvidence
from cbvir_core.errors import InputError
from cbvir_core.search import ConfidenceModel, Searcher, fit_weights
from cbvir_core.store import Store

CALIBRATION_QUESTIONS = 600
"""Questions of a calibration unless told otherwise."""

MIN_ANSWERS_OF_EACH_KIND = 25
"""Right answers, and wrong answers, that a model must have to be fitted: a library has few wrong scenes whose
local features agree with a picture."""

CALIBRATION_FOLDS = 5
"""Parts of the questions; the answers of each are judged by a model that was fitted to the others."""

CalibrationProgress = Callable[[int, int], None]
"""Called with the number of questions that are done, and of all questions."""


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """The outcome of a calibration, measured on questions that the measured models were not fitted to.

    - `error`, `log_loss`: expected calibration error, and mean log loss in nats, of the new model;
      `error_before`, `log_loss_before`: those of the model before.
    - `applied`: whether the new model is the better one, and judges answers from now on; else the one before
      stays.
    - `bins`: what the new model says and what is so (`reliability_bins`).
    - `false_sure`: the share of questions without a right answer that the model that judges now gives one
      with `MATCH_PROBABILITY` or more.
    """

    questions: int
    answers: int
    error_before: float
    error: float
    log_loss_before: float
    log_loss: float
    false_sure: float
    applied: bool
    bins: tuple[ReliabilityBin, ...] = ()

    @classmethod
    def of_details(cls, details: Mapping[str, Any]) -> CalibrationResult | None:
        """Return the result that `asdict` made `details` of; None where they are something else."""
        try:
            known = {field.name: details[field.name] for field in fields(cls) if field.name != "bins"}
            return cls(**known, bins=tuple(ReliabilityBin(**one) for one in details.get("bins", ())))
        except (KeyError, TypeError):
            return None


def calibrate(
    store: Store,
    searcher: Searcher,
    questions: int,
    seed: int,
    progress: CalibrationProgress | None,
    *,
    earlier: int = 0,
) -> tuple[ConfidenceModel, CalibrationResult]:
    """Put `questions` questions to `searcher`; return the better model, and the measures.

    That is the one fitted to all answers, or the one before.  The same `seed` makes the same questions; they
    are others after each of the `earlier` calibrations, to whose questions the model before was fitted.
    Raises InputError where the store is empty or too few answers come.
    """
    seed = seed_after(seed, earlier)
    asker, answers = CalibrationQuestions(store, searcher, seed), list[LabelledEvidence]()
    if not asker.rows:
        raise InputError("there is nothing to calibrate with; index some videos first")
    for number, row in enumerate(np.random.default_rng(seed).choice(asker.rows, questions)):
        answers += asker.about(int(row), number)
        if progress:
            progress(number + 1, questions)
    return better_model(answers, searcher.confidence, questions)


def better_model(
    answers: Sequence[LabelledEvidence], before: ConfidenceModel, questions: int
) -> tuple[ConfidenceModel, CalibrationResult]:
    """Return the model fitted to the answers where it is better than the one `before`, else that one.

    Both are compared on answers that they were not fitted to.  Raises InputError where there are too few.
    """
    fitted, right = fit_model(answers, before), [answer.right for answer in answers]
    former = [before.probability(answer.evidence) for answer in answers]
    fresh = held_out_probabilities(answers, before)
    applied = is_better(fresh, former, answers)
    result = CalibrationResult(
        questions=questions,
        answers=len(answers),
        error_before=calibration_error(former, right),
        error=calibration_error(fresh, right),
        log_loss_before=float(log_losses(former, right).mean()),
        log_loss=float(log_losses(fresh, right).mean()),
        false_sure=false_share(fresh if applied else former, answers),
        applied=applied,
        bins=reliability_bins(fresh, right),
    )
    return fitted if applied else before, result


def held_out_probabilities(answers: Sequence[LabelledEvidence], before: ConfidenceModel) -> list[float]:
    """Return the probability of each answer by a model that was fitted to the answers of the other folds.

    Folds are of whole rounds, so that each has every perturbation.  Raises InputError where there are too
    few.
    """
    folds = [answer.question // QUESTION_KINDS % CALIBRATION_FOLDS for answer in answers]
    model_of = {
        fold: fit_model([one for one, other in zip(answers, folds, strict=True) if other != fold], before)
        for fold in sorted(set(folds))
    }
    return [model_of[fold].probability(one.evidence) for one, fold in zip(answers, folds, strict=True)]


def fit_model(answers: Sequence[LabelledEvidence], before: ConfidenceModel) -> ConfidenceModel:
    """Fit each of the six logistic models that has enough answers; the others stay as they were `before`.

    Wrong scenes whose local features agree with a picture are rare, and a library may have too few of
    them.  Raises InputError where every model has too few right or too few wrong answers.
    """
    fitted: dict[str, tuple[float, ...]] = {}
    for name in ConfidenceModel.__slots__:
        own = answers_for(name, answers)
        right = [answer.right for answer in own]
        if min(sum(right), len(right) - sum(right)) >= MIN_ANSWERS_OF_EACH_KIND:
            wanted = len(getattr(before, name)) - 1
            figures = [answer.evidence.figures() for answer in own]
            fitted[name] = fit_weights([[*one, *[0.0] * (wanted - len(one))] for one in figures], right)
    if not fitted:
        raise InputError(f"{len(answers)} answers are too few to calibrate with; index more videos first")
    return replace(before, **fitted)


def answers_for(name: str, answers: Sequence[LabelledEvidence]) -> list[LabelledEvidence]:
    """Return the answers that one of the six models is fitted to: those with its evidence.

    A model with thumbnails learns too from the answers whose stills do not agree with the picture, so that
    nothing was there to compare: of these the thumbnails explain nothing.  They are most of the wrong ones.
    """
    own = [answer for answer in answers if answer.evidence.model_name == name]
    route, _, compared = name.partition("_")
    if compared != "surveyed":
        return own
    known = {(answer.question, answer.absent) for answer in own}
    return own + [
        answer
        for answer in answers
        if answer.evidence.model_name == f"{route}_checked"
        and answer.evidence.verification is None
        and (answer.question, answer.absent) not in known
    ]


def seed_after(seed: int, earlier: int) -> int:
    """Return the seed itself, or another one after each of the `earlier` calibrations."""
    return int(np.random.SeedSequence([seed, earlier]).generate_state(1)[0]) if earlier else seed
