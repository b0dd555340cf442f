"""The measures of a confidence model, and the choice between the new one and the one before."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.calibration import CalibrationResult, LabelledEvidence, calibration_error, fit_model
from cbvir_core.calibration.calibrate import better_model, held_out_probabilities, seed_after
from cbvir_core.calibration.measures import is_better, log_losses, reliability_bins
from cbvir_core.calibration.questions import QUESTION_KINDS
from cbvir_core.errors import InputError
from cbvir_core.search import ConfidenceModel, MatchEvidence
from support.confidence import model_of, weights

ROUNDS = 40


def model(constant: float, score: float) -> ConfidenceModel:
    """A model that weighs the score alone."""
    kinds = ("surveyed", "checked", "unchecked")
    return model_of(*(weights(kind, constant, score=score) for kind in kinds))


TRUTH = model(-6.0, 12.0)


def asked(seed: int, truth: ConfidenceModel = TRUTH, rounds: int = ROUNDS) -> list[LabelledEvidence]:
    """Answers that are right as often as the truth says."""
    rng = np.random.default_rng(seed)
    answers = []
    for question in range(rounds * QUESTION_KINDS):
        evidence = MatchEvidence(float(rng.uniform()), 0.0, refined=True, checked=False)
        right = bool(rng.uniform() < truth.probability(evidence))
        answers.append(LabelledEvidence(question, evidence, right))
    return answers


def test_the_error_by_hand() -> None:
    """Two bins: said .15 and .15, one of two right; said .9 once and right: (|.3 - 1| + |.9 - 1|) / 3."""
    assert calibration_error([0.15, 0.15, 0.9], [True, False, True]) == pytest.approx((0.7 + 0.1) / 3)
    assert calibration_error([], []) == 0.0
    assert calibration_error([1.0, 0.0], [True, False]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_the_error_is_a_mean_distance(answers: list[tuple[float, bool]]) -> None:
    probabilities, right = zip(*answers, strict=True)
    assert 0.0 <= calibration_error(probabilities, right) <= 1.0
    assert calibration_error([float(one) for one in right], right) == pytest.approx(0.0)


def test_bins_hold_what_was_said_and_what_was_so() -> None:
    probabilities, right = [0.15, 0.17, 0.9, 1.0], [True, False, True, True]
    bins = reliability_bins(probabilities, right)
    assert [(one.start, one.end, one.answers) for one in bins] == [(0.1, 0.2, 2), (0.9, 1.0, 2)]
    assert [one.said for one in bins] == pytest.approx([0.16, 0.95])
    assert [one.right for one in bins] == pytest.approx([0.5, 1.0])
    gaps = sum(one.answers * abs(one.said - one.right) for one in bins) / len(right)
    assert gaps == pytest.approx(calibration_error(probabilities, right))


def test_a_result_is_read_again_from_its_file() -> None:
    _, result = better_model(asked(3), model(-1.0, 1.0), ROUNDS)
    assert result.applied
    assert sum(one.answers for one in result.bins) == result.answers
    assert CalibrationResult.of_details(json.loads(json.dumps(asdict(result)))) == result
    assert CalibrationResult.of_details({"questions": 5}) is None
    former = {key: value for key, value in asdict(result).items() if key != "bins"}
    assert CalibrationResult.of_details(former) == replace(result, bins=())


def test_the_loss_by_hand() -> None:
    losses = log_losses([0.5, 0.25, 1.0, 1.0], [True, False, True, False])
    assert losses[:3] == pytest.approx([np.log(2), -np.log(0.75), 0.0])
    assert np.isfinite(losses[3])


def test_the_truth_is_better_than_a_model_that_is_far_from_it() -> None:
    answers = asked(1)
    truth, other = (
        [one.probability(answer.evidence) for answer in answers] for one in (TRUTH, model(2.0, 0.0))
    )
    assert is_better(truth, other, answers)
    assert not is_better(other, truth, answers)
    assert not is_better(truth, truth, answers)


def test_a_lower_loss_alone_is_not_better() -> None:
    """Sharp and overconfident against calibrated: both measures must agree."""
    answers = [LabelledEvidence(n, MatchEvidence(0.5, 0.0, True, False), n % 10 > 0) for n in range(400)]
    former = [0.9] * 400
    fresh = [0.97 if answer.right else 0.5 for answer in answers]
    right = [answer.right for answer in answers]
    assert log_losses(fresh, right).sum() < log_losses(former, right).sum()
    assert calibration_error(fresh, right) > calibration_error(former, right)
    assert not is_better(fresh, former, answers)


def test_answers_to_one_question_count_as_one() -> None:
    """What two questions say is no more certain for being said a hundred times each."""
    evidence = MatchEvidence(0.5, 0.0, True, False)
    of_two = [LabelledEvidence(n % 2, evidence, True) for n in range(200)]
    of_many = [LabelledEvidence(n, evidence, True) for n in range(200)]
    former = [0.8] * 200
    fresh = [0.95 if n % 2 else 0.78 for n in range(200)]
    assert is_better(fresh, former, of_many)
    assert not is_better(fresh, former, of_two)


def test_a_model_that_is_wrong_is_replaced() -> None:
    answers = asked(3)
    chosen, result = better_model(answers, model(-1.0, 1.0), len(answers))
    assert result.applied
    assert chosen == fit_model(answers, model(-1.0, 1.0))
    assert result.error < result.error_before
    assert result.log_loss < result.log_loss_before
    assert (result.questions, result.answers) == (len(answers), len(answers))


def test_noise_does_not_replace_a_model_that_is_right() -> None:
    """Of twenty calibrations of a true model none is applied, though each fits its own answers better."""
    for seed in range(20):
        answers = asked(100 + seed)
        chosen, result = better_model(answers, TRUTH, len(answers))
        assert not result.applied
        assert chosen is TRUTH


def test_what_is_measured_was_not_fitted() -> None:
    """Each probability is that of a model that did not see the rounds of its fold."""
    answers, before = asked(5), model(0.0, 0.0)
    held_out = held_out_probabilities(answers, before)
    changed = [
        LabelledEvidence(one.question, one.evidence, not one.right)
        if one.question // QUESTION_KINDS % 5 == 2
        else one
        for one in answers
    ]
    again = held_out_probabilities(changed, before)
    same = [one == other for one, other in zip(held_out, again, strict=True)]
    in_fold = [one.question // QUESTION_KINDS % 5 == 2 for one in answers]
    assert all(one for one, inside in zip(same, in_fold, strict=True) if inside)
    assert not any(one for one, inside in zip(same, in_fold, strict=True) if not inside)


def test_one_round_is_too_little_to_choose_by() -> None:
    answers = [*chain.from_iterable(asked(seed, rounds=1) for seed in range(20))]
    with pytest.raises(InputError, match="too few"):
        better_model(answers, TRUTH, len(answers))


def test_a_calibration_after_another_asks_other_questions() -> None:
    assert seed_after(7, 0) == 7
    seeds = [seed_after(seed, earlier) for seed in (0, 1, 7) for earlier in range(5)]
    assert len(set(seeds)) == len(seeds)
