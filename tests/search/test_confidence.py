"""Probabilities: the models by hand, and the fit against answers drawn from a known model."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import ConfigError
from cbvir_core.search import ConfidenceModel, MatchEvidence, fit_weights, shipped_model
from cbvir_core.verify import Verification
from support.candidates import matched
from support.confidence import weights

EVEN = ConfidenceModel.even()


def agreeing(inliers: int = 30, agreement: float = 0.9, spread: float = 0.8) -> Verification:
    return Verification(
        inliers,
        0.5,
        spread,
        agreement,
        0.4,
        (0.0, 0.0, 9.0, 9.0),
        False,
        np.eye(3),
        np.zeros((inliers, 4), np.float32),
    )


def sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def test_each_kind_of_evidence_has_its_model() -> None:
    model = ConfidenceModel(
        refined_surveyed=weights("surveyed", 0.5, explained=2.0, fit=4.0),
        refined_checked=weights("checked", 1.0, score=2.0),
        refined_unchecked=weights("unchecked", 2.0, margin=0.6),
        filter_surveyed=weights("surveyed", -3.0, explained=1.0),
        filter_checked=weights("checked", 3.0, agrees=1.0, agreement=1.0),
        filter_unchecked=weights("unchecked", -1.0, score=4.0),
    )
    assert model.probability(MatchEvidence(0.5, 0.1, True, True)) == pytest.approx(sigmoid(1.0 + 2.0 * 0.5))
    assert model.probability(MatchEvidence(0.5, 0.15, True, False)) == pytest.approx(sigmoid(2.0 + 0.6 * 0.5))
    seen = MatchEvidence(0.5, 0.1, False, True, agreeing(agreement=0.9))
    assert model.probability(seen) == pytest.approx(sigmoid(3.0 + 1.0 + 0.9))
    assert model.probability(replace(seen, verification=None)) == pytest.approx(sigmoid(3.0))
    assert model.probability(MatchEvidence(0.5, 0.1, False, False)) == pytest.approx(
        sigmoid(-1.0 + 4.0 * 0.5)
    )
    every = replace(seen, thumbnail_match=matched(0.7, 0.9))
    assert model.probability(every) == pytest.approx(sigmoid(-3.0 + 0.7))
    assert model.probability(replace(every, refined=True)) == pytest.approx(sigmoid(0.5 + 1.4 + 3.6))


@given(st.floats(0, 1), st.floats(-2, 2), st.booleans(), st.booleans(), st.none() | st.integers(5, 500))
def test_what_comes_with_cbvir_gives_probabilities(
    score: float, margin: float, refined: bool, checked: bool, inliers: int | None
) -> None:
    agrees = agreeing(inliers) if checked and inliers else None
    evidence = MatchEvidence(score, margin, refined, checked, agrees)
    said = shipped_model().probability(evidence)
    assert 0.0 <= said <= 1.0
    assert shipped_model().probability(replace(evidence, score=min(1.0, score + 0.1))) >= said
    if agrees:
        assert said >= shipped_model().probability(replace(evidence, verification=None))


def test_a_fit_recovers_the_model_that_answers_were_drawn_from() -> None:
    rng = np.random.default_rng(1)
    figures = rng.uniform(-1, 1, (20_000, 2))
    likely = 1.0 / (1.0 + np.exp(-(-1.0 + figures @ [3.0, 0.5])))
    found = fit_weights(figures.tolist(), (rng.uniform(size=20_000) < likely).tolist())
    assert found == pytest.approx([-1.0, 3.0, 0.5], abs=0.15)


def test_a_figure_never_speaks_against_an_answer() -> None:
    rng = np.random.default_rng(2)
    figures = rng.uniform(-1, 1, (5000, 2))
    likely = 1.0 / (1.0 + np.exp(-(figures @ [3.0, -2.0])))
    constant, first, second = fit_weights(figures.tolist(), (rng.uniform(size=5000) < likely).tolist())
    assert first > 1.0
    assert second == 0.0
    assert abs(constant) < 0.2


def test_answers_without_a_doubt_have_finite_weights() -> None:
    weights = fit_weights([[float(x)] for x in range(20)], [x >= 10 for x in range(20)])
    assert all(map(math.isfinite, weights))
    assert sigmoid(weights[0] + weights[1] * 2) < 0.05 < 0.95 < sigmoid(weights[0] + weights[1] * 17)


def test_a_model_is_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "confidence.json"
    model = replace(EVEN, filter_unchecked=weights("unchecked", 0.1234, score=1.0, margin=2.0))
    path.write_text(model.dump({"seed": 3}))
    assert ConfidenceModel.load(path) == model
    assert json.loads(path.read_text())["seed"] == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weights": {"refined_checked": [1]}}', '{"weights": 5}'])
def test_what_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "confidence.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"confidence\.json"):
        ConfidenceModel.load(path)


def test_kinds() -> None:
    kinds = {
        MatchEvidence(0, 0, refined, checked).model_name
        for refined in (True, False)
        for checked in (True, False)
    }
    kinds |= {
        MatchEvidence(0, 0, refined, True, agreeing(), matched(1, 1)).model_name for refined in (True, False)
    }
    assert kinds == set(ConfidenceModel.__slots__)


def test_a_scene_that_shows_more_of_the_picture_is_not_less_probable() -> None:
    less, more = (
        MatchEvidence(0.8, 0.1, True, True, agreeing(40), matched(explained, 0.8)) for explained in (0.6, 1.0)
    )
    assert shipped_model().probability(less) <= shipped_model().probability(more)
