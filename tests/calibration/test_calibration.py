"""The fit of the confidence model, and the perturbations."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core import calibration
from cbvir_core.calibration import (
    PERTURBATIONS,
    LabelledEvidence,
    Perturbation,
    fit_model,
)
from cbvir_core.calibration.calibrate import MIN_ANSWERS_OF_EACH_KIND
from cbvir_core.calibration.perturbations import (
    collage,
    cropped_small,
    halftone,
    thumbnail,
    turned,
    unchanged,
)
from cbvir_core.errors import InputError
from cbvir_core.search import MatchEvidence
from cbvir_core.types import Image
from support.candidates import AGREES, matched
from support.confidence import model_of, weights

BEFORE = model_of(*(weights(kind, 0.5) for kind in ("surveyed", "checked", "unchecked")))


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


def test_thumbnails_explain_nothing_where_no_still_agrees() -> None:
    """So a model with thumbnails has wrong answers enough; those whose stills agree are too few."""
    count = MIN_ANSWERS_OF_EACH_KIND
    shown = MatchEvidence(0.8, 0.1, True, True, AGREES, matched(1.0))
    nothing_agrees = MatchEvidence(0.8, 0.1, True, True)
    right = [LabelledEvidence(n, shown, True) for n in range(count)]
    right_with_less = [LabelledEvidence(n, nothing_agrees, True) for n in range(count)]
    wrong = [LabelledEvidence(n, nothing_agrees, False) for n in range(count, 2 * count)]
    model = fit_model([*right, *right_with_less, *wrong], BEFORE)
    assert model.refined_surveyed != BEFORE.refined_surveyed
    assert model.probability(shown) > 0.9
    unexplained = replace(shown, verification=None, thumbnail_match=matched(0.0, 0.0))
    assert model.probability(unexplained) < 0.1


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


def test_the_kinds_are_told_apart_by_what_they_leave_of_a_frame() -> None:
    image = np.random.default_rng(0).integers(0, 255, (360, 640, 3), dtype=np.uint8)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert 96 <= max(thumbnail(image, rng).shape[:2]) <= 160
        part = cropped_small(image, rng)
        assert min(part.shape[0] / 360, part.shape[1] / 640) >= 0.34
        assert max(part.shape[0] / 360, part.shape[1] / 640) <= 0.61
        quarters = turned(image, rng)
        assert any(np.array_equal(quarters, one) for one in turns(image))


def turns(image: Image) -> list[Image]:
    """The picture turned by one, two and three quarters."""
    return [np.rot90(image, number) for number in (1, 2, 3)]


def test_a_halftone_is_black_and_white_and_as_bright_as_the_frame() -> None:
    ramp = np.repeat(np.linspace(40, 215, 320).astype(np.uint8)[None], 180, axis=0)
    image = cv2.cvtColor(ramp, cv2.COLOR_GRAY2RGB)
    printed = halftone(image, np.random.default_rng(2))
    assert (printed[..., 0] == printed[..., 1]).all()
    columns = printed[..., 0].mean(axis=0)
    brightness = [columns[start : start + 40].mean() for start in range(0, 320, 40)]
    assert brightness == sorted(brightness)
    assert brightness[0] < 100 < 160 < brightness[-1]
    assert printed[:, 140:180].std() > 25, "dots"


@pytest.mark.parametrize("shapes", [((90, 160), (90, 160)), ((90, 160), (200, 100)), ((20, 300), (90, 160))])
def test_a_collage_holds_both_frames(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """The first as it is; the other scaled to the side along which they touch."""
    first, other = (
        np.full((*shape, 3), grey, np.uint8) for shape, grey in zip(shapes, (10, 200), strict=True)
    )
    seen = set()
    for seed in range(12):
        made = collage(first, other, np.random.default_rng(seed))
        values, counts = np.unique(made[..., 0], return_counts=True)
        assert values.tolist() == [10, 200]
        assert counts[0] == first.shape[0] * first.shape[1]
        beside = made.shape[0] == first.shape[0]
        seen.add((beside, int(made[0, 0, 0])))
        height, width = other.shape[:2]
        scale = first.shape[0] / height if beside else first.shape[1] / width
        assert counts[1] == pytest.approx(height * width * scale**2, rel=0.1)
    assert len(seen) == 4, "beside each other and one above the other, in any order"


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
