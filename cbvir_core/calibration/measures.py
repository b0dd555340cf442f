"""Measures of how well probabilities fit answers that are known to be right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cbvir_core.calibration.questions import LabelledEvidence
from cbvir_core.search import MATCH_PROBABILITY, ConfidenceModel

MIN_STANDARD_ERRORS = 2.0
"""Standard errors by which a log loss must be lower to count as lower.  Noise alone passes two of them once
in forty times."""

MIN_LOSS_PROBABILITY = 1e-6
"""Probability that smaller ones count as in a log loss, so that one answer does not decide alone."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Answers whose probability lies from `start` to `end`: how many, the mean of what was said of them, and
    the share that was right."""

    start: float
    end: float
    answers: int
    said: float
    right: float


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015).

    That is, over bins of equal width, the mean distance between the probabilities that were said and the
    share that was right, weighted by how many answers are in the bin.
    """
    said, truth = np.asarray(probabilities, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs(said[bin_of == number].sum() - truth[bin_of == number].sum()) for number in range(bins)]
    return float(sum(gaps) / max(1, len(said)))


def reliability_bins(
    probabilities: Sequence[float], right: Sequence[bool], bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Return what was said and what was so in bins of equal width, without empty ones: a reliability plot."""
    said, truth = np.asarray(probabilities, float), np.asarray(right, float)
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    return tuple(
        ReliabilityBin(
            number / bins,
            (number + 1) / bins,
            int(own.sum()),
            float(said[own].mean()),
            float(truth[own].mean()),
        )
        for number in range(bins)
        if (own := bin_of == number).any()
    )


def log_losses(probabilities: Sequence[float], right: Sequence[bool]) -> npt.NDArray[np.float64]:
    """Return the log loss of each answer in nats: 0 for one that was called certain and is right."""
    said = np.where(right, probabilities, 1.0 - np.asarray(probabilities, float))
    return np.asarray(-np.log(np.maximum(said, MIN_LOSS_PROBABILITY)), np.float64)


def is_better(fresh: Sequence[float], former: Sequence[float], answers: Sequence[LabelledEvidence]) -> bool:
    """Return whether the `fresh` probabilities of answers are better than the `former` ones.

    Their log loss must be lower by `MIN_STANDARD_ERRORS`, and their calibration error must be lower.  What is
    drawn at random are questions, so the answers to one of them count as one.
    """
    right = [answer.right for answer in answers]
    gains = log_losses(former, right) - log_losses(fresh, right)
    _, question_of = np.unique([answer.question for answer in answers], return_inverse=True)
    of_questions = np.bincount(question_of, weights=gains)
    noise = np.sqrt(len(of_questions)) * of_questions.std()
    is_lower = of_questions.sum() > MIN_STANDARD_ERRORS * noise
    return bool(is_lower) and calibration_error(fresh, right) < calibration_error(former, right)


def false_match_share(model: ConfidenceModel, answers: Sequence[LabelledEvidence]) -> float:
    """Return the share of questions without a right answer that a model gives one, called a match."""
    return false_share([model.probability(answer.evidence) for answer in answers], answers)


def false_share(probabilities: Sequence[float], answers: Sequence[LabelledEvidence]) -> float:
    """Return the share of questions without a right answer of which an answer's probability is a match's."""
    said: dict[int, float] = {}
    for probability, answer in zip(probabilities, answers, strict=True):
        if answer.absent and answer.evidence.checked:
            # The answer with all of its evidence comes first and is the one that counts.
            said.setdefault(answer.question, probability)
    matches = sum(probability >= MATCH_PROBABILITY for probability in said.values())
    return matches / max(1, len(said))
