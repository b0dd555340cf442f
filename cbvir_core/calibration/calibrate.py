"""The fit of the confidence model to a library, and the measures of how well it fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.calibration.perturbations import PERTURBATIONS
from cbvir_core.calibration.questions import CalibrationQuestions, LabelledEvidence
from cbvir_core.errors import InputError
from cbvir_core.search import MATCH_PROBABILITY, ConfidenceModel, Searcher, fit_weights
from cbvir_core.store import Store

CALIBRATION_QUESTIONS = 600
"""Questions of a calibration unless told otherwise."""

MIN_ANSWERS_OF_EACH_KIND = 25
"""Right answers, and wrong answers, that a model must have to be fitted: a library has few wrong scenes whose
local features agree with a picture."""

CalibrationProgress = Callable[[int, int], None]
"""Called with the number of questions that are done, and of all questions."""


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """The outcome of a calibration, measured on the half of the questions that the measured model was not
    fitted to.

    `error` is the expected calibration error, `error_before` that of the model before.  `false_sure` is the
    share of questions without a right answer that were given one with `MATCH_PROBABILITY` or more.
    """

    questions: int
    answers: int
    error_before: float
    error: float
    false_sure: float


def calibrate(
    store: Store, searcher: Searcher, questions: int, seed: int, progress: CalibrationProgress | None
) -> tuple[ConfidenceModel, CalibrationResult]:
    """Put `questions` questions to `searcher`; return the model fitted to all answers, and the measures.

    The same `seed` makes the same questions.  Raises InputError where the store is empty or too few answers
    come.
    """
    rows = store.searchable_rows(video.video_id for video in store.videos())
    if not rows:
        raise InputError("there is nothing to calibrate with; index some videos first")
    asker, answers = CalibrationQuestions(store, searcher, seed), list[LabelledEvidence]()
    for number, row in enumerate(np.random.default_rng(seed).choice(rows, questions)):
        answers += asker.about(int(row), number)
        if progress:
            progress(number + 1, questions)
    before = searcher.confidence
    # Halves of whole rounds, so that both have every perturbation.
    rounds = [answer.question // len(PERTURBATIONS) for answer in answers]
    fitted = fit_model([answer for answer, one in zip(answers, rounds, strict=True) if one % 2 == 0], before)
    measured = [answer for answer, one in zip(answers, rounds, strict=True) if one % 2 == 1]
    return fit_model(answers, before), CalibrationResult(
        questions=questions,
        answers=len(answers),
        error_before=_error_of(before, measured),
        error=_error_of(fitted, measured),
        false_sure=false_match_share(fitted, measured),
    )


def fit_model(answers: Sequence[LabelledEvidence], before: ConfidenceModel) -> ConfidenceModel:
    """Fit each of the six logistic models that has enough answers; the others stay as they were `before`.

    Wrong scenes whose local features agree with a picture are rare, and a library may have too few of
    them.  Raises InputError where every model has too few right or too few wrong answers.
    """
    fitted: dict[str, tuple[float, ...]] = {}
    for name in ConfidenceModel.__slots__:
        own = [answer for answer in answers if answer.evidence.model_name == name]
        right = [answer.right for answer in own]
        if min(sum(right), len(right) - sum(right)) >= MIN_ANSWERS_OF_EACH_KIND:
            fitted[name] = fit_weights([answer.evidence.figures() for answer in own], right)
    if not fitted:
        raise InputError(f"{len(answers)} answers are too few to calibrate with; index more videos first")
    return replace(before, **fitted)


def false_match_share(model: ConfidenceModel, answers: Sequence[LabelledEvidence]) -> float:
    """Return the share of questions without a right answer that a model gives one, called a match."""
    probabilities: dict[int, float] = {}
    for answer in answers:
        if answer.absent and answer.evidence.checked:
            # The answer with all of its evidence comes first and is the one that counts.
            probabilities.setdefault(answer.question, model.probability(answer.evidence))
    matches = sum(probability >= MATCH_PROBABILITY for probability in probabilities.values())
    return matches / max(1, len(probabilities))


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015).

    That is, over bins of equal width, the mean distance between the probabilities that were said and the
    share that was right, weighted by how many answers are in the bin.
    """
    said, truth = np.asarray(probabilities, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs(said[bin_of == number].sum() - truth[bin_of == number].sum()) for number in range(bins)]
    return float(sum(gaps) / max(1, len(said)))


def _error_of(model: ConfidenceModel, answers: Sequence[LabelledEvidence]) -> float:
    probabilities = [model.probability(answer.evidence) for answer in answers]
    return calibration_error(probabilities, [answer.right for answer in answers])
