"""The fit of the confidence model, its measure, and the perturbations."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core import calibration
from cbvir_core.calibration import (
    PERTURBATIONS,
    LabelledEvidence,
    Perturbation,
    calibration_error,
    fit_model,
)
from cbvir_core.calibration.calibrate import MIN_ANSWERS_OF_EACH_KIND
from cbvir_core.calibration.perturbations import unchanged
from cbvir_core.errors import InputError
from cbvir_core.search import ConfidenceModel, MatchEvidence

BEFORE = ConfidenceModel(*2 * ((0.5,) * 9, (0.5,) * 7, (0.5,) * 3))


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


def labelled(number: int, score: float, right: bool, refined: bool = True) -> LabelledEvidence:
    return LabelledEvidence(number, MatchEvidence(score, 0.1, refined, False), right)


def test_models_without_answers_stay() -> None:
    rng = np.random.default_rng(0)
    answers = [labelled(n, float(rng.uniform(0.4, 1)), True) for n in range(MIN_ANSWERS_OF_EACH_KIND)]
    answers += [labelled(n, float(rng.uniform(0, 0.6)), False) for n in range(MIN_ANSWERS_OF_EACH_KIND)]
    model = fit_model(answers, BEFORE)
    assert model.refined_unchecked != BEFORE.refined_unchecked
    assert (model.filter_checked, model.refined_checked) == (BEFORE.filter_checked, BEFORE.refined_checked)
    assert model.probability(MatchEvidence(0.9, 0.1, True, False)) > 0.8
    assert model.probability(MatchEvidence(0.1, 0.1, True, False)) < 0.2


def test_a_model_of_which_too_little_is_known_stays() -> None:
    """Wrong scenes that agree with a picture are rare: a small library may have none."""
    rng = np.random.default_rng(1)
    answers = [labelled(n, float(rng.uniform(0.4, 1)), True) for n in range(MIN_ANSWERS_OF_EACH_KIND)]
    answers += [labelled(n, float(rng.uniform(0, 0.6)), False) for n in range(MIN_ANSWERS_OF_EACH_KIND)]
    answers += [
        LabelledEvidence(n, MatchEvidence(0.9, 0.1, True, True), True)
        for n in range(3 * MIN_ANSWERS_OF_EACH_KIND)
    ]
    model = fit_model(answers, BEFORE)
    assert model.refined_unchecked != BEFORE.refined_unchecked
    assert model.refined_checked == BEFORE.refined_checked


def test_too_few_answers_are_refused() -> None:
    answers = [labelled(n, 0.9, True) for n in range(100)] + [
        labelled(n, 0.1, False) for n in range(MIN_ANSWERS_OF_EACH_KIND - 1)
    ]
    with pytest.raises(InputError, match="too few"):
        fit_model(answers, BEFORE)


@pytest.mark.parametrize("perturb", PERTURBATIONS)
@pytest.mark.parametrize("shape", [(90, 160), (20, 300), (160, 90)])
def test_perturbations_return_pictures_and_leave_theirs_alone(
    perturb: Perturbation, shape: tuple[int, int]
) -> None:
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    before = image.copy()
    one, other = (perturb(image, np.random.default_rng(5)) for _ in range(2))
    assert one.dtype == np.uint8
    assert one.ndim == 3
    assert min(one.shape[:2]) >= 7
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(image, before)
    assert perturb is unchanged or one.shape != image.shape or (one != image).any()


def test_calibration_uses_what_search_offers_and_nothing_inside_it() -> None:
    folder = Path(calibration.__file__).parent
    imported = [
        node.module or ""
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]
    assert "cbvir_core.search" in imported
    assert [module for module in imported if module.startswith("cbvir_core.search.")] == []
