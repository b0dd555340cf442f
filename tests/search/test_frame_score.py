"""A decoded frame has the score that it would have as a keyframe, and only a better one counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search.confidence import ConfidenceModel, MatchEvidence
from cbvir_core.search.findings import Candidate, FrameLook
from cbvir_core.search.frame_score import FrameScorer, QueryDescriptors
from cbvir_core.search.scores import ScoreScale
from cbvir_core.types import Image, Rows
from support.candidates import scene

FILTER, REFINE = ScoreScale(0.5, 0.6), ScoreScale(0.7, 0.8)
BLANK: Image = np.zeros((9, 16, 3), np.uint8)


class OneRow:
    """An encoder, and a refiner, to which every picture is the first axis."""

    def encode(self, images: list[Image]) -> Rows:
        return np.eye(2, dtype=np.float32)[[0] * len(images)]

    def describe(self, picture: Image) -> Rows:
        return np.array([1, 0], np.float32)


def rows(*cosines: float) -> Rows:
    return np.array([(one, np.sqrt(1 - one**2)) for one in cosines], np.float32)


def scored(described: QueryDescriptors, *, refined: bool) -> float:
    query: Any = SimpleNamespace(refiner=OneRow() if refined else None)
    return FrameScorer(cast(Any, OneRow()), FILTER, REFINE).score(query, described, BLANK)


def test_solar_scores_where_it_takes_part_and_the_nearest_variant_counts() -> None:
    described = QueryDescriptors(rows(0.2, 0.6)).joined(QueryDescriptors(rows(0.5), rows(0.8)))
    described = described.joined(QueryDescriptors(rows(0.1), rows(0.3)))
    assert (described.filter.shape, described.refine.shape) == ((4, 2), (2, 2))
    assert scored(described, refined=True) == pytest.approx(0.7)
    assert scored(described, refined=False) == pytest.approx(0.7)
    assert scored(QueryDescriptors(rows(0.5)), refined=True) == pytest.approx(0.5), "no row of SOLAR's"
    assert scored(QueryDescriptors(), refined=True) == 0.0


@given(st.floats(0, 1), st.floats(-1, 1), st.floats(0, 1))
def test_the_better_score_counts_and_the_margin_grows_with_it(
    score: float, margin: float, of_frame: float
) -> None:
    evidence = MatchEvidence(score, margin, refined=True, checked=False)
    candidate = Candidate(scene(1, "aa", score), evidence, 0.5)
    seen = candidate.with_look(FrameLook(True, None, None, None, of_frame), ConfidenceModel.even()).evidence
    assert seen.score == pytest.approx(max(score, of_frame))
    assert seen.margin - margin == pytest.approx(seen.score - score)
