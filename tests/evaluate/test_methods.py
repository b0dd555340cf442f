"""The three rankings on rows made by hand, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.evaluate.efficiency import efficiency_ratio, extraction_efficiency
from cbvir_core.evaluate.methods import (
    FILTER_METHOD,
    MORESO_METHOD,
    REFINEMENT_METHOD,
    compared_methods,
    ranking_methods,
    shortlisted,
    within_distance,
)
from cbvir_core.evaluate.networks import DescribedPictures, TimedDescriptors
from cbvir_core.types import Rows


def rows(*degrees: float) -> Rows:
    """Unit rows in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


GALLERY = DescribedPictures(
    TimedDescriptors(rows(30, 10, 20, 90), 4.0), TimedDescriptors(rows(0, 50, 20, 5), 40.0)
)
QUERY = DescribedPictures(TimedDescriptors(rows(0), 1.0), TimedDescriptors(rows(0), 10.0))


def test_moreso_ranks_the_filters_shortlist_by_the_refinement() -> None:
    """The filter ranks 1 2 0 3, the refinement 0 3 2 1; of the first two it prefers 2."""
    orders = {method.name: method.rank(GALLERY, QUERY, 0).tolist() for method in ranking_methods(True, 0.5)}
    assert orders == {MORESO_METHOD: [2, 1], REFINEMENT_METHOD: [0, 3, 2, 1], FILTER_METHOD: [1, 2, 0, 3]}
    assert [method.name for method in ranking_methods(False)] == [FILTER_METHOD]


def test_the_published_rule_shortlists_what_lies_within_a_distance() -> None:
    """By the filter 10 and 20 degrees are within .36 (20.7 degrees) of 0; the refinement prefers 20."""
    near = within_distance(0.36, GALLERY, QUERY)
    assert near.rank(GALLERY, QUERY, 0).tolist() == [2, 1]
    assert near.name == "MoReSo, within 0.36"
    assert near.extraction_s(GALLERY) == 4 * 1.0 + 2 * 10.0
    assert near.query_s(QUERY) == 11.0
    assert within_distance(0.1, GALLERY, QUERY).rank(GALLERY, QUERY, 0).tolist() == []  # it may be empty
    names = [method.name for method in compared_methods(GALLERY, QUERY, 0.5, 0.36)]
    assert names == [MORESO_METHOD, near.name, REFINEMENT_METHOD, FILTER_METHOD]
    lone = DescribedPictures(GALLERY.filter, None)
    assert [method.name for method in compared_methods(lone, QUERY, 0.5, 0.36)] == [FILTER_METHOD]


def test_what_one_query_costs() -> None:
    """Four pictures take 1 s each by the filter; the refinement takes 10 s each for half of them."""
    moreso, refine, alone = ranking_methods(True, 0.5)
    assert [method.extraction_s(GALLERY) for method in (moreso, refine, alone)] == [24.0, 40.0, 4.0]
    assert [method.query_s(QUERY) for method in (moreso, refine, alone)] == [11.0, 10.0, 1.0]
    assert moreso.efficiency(GALLERY) == pytest.approx(4 / 24)


def test_the_papers_own_figures_fit_the_reading_of_fe_efficiency() -> None:
    """32.74 and 4.65 a second leave 9 ms for the filter: 1 / 32.74 = t + 0.1 / 4.65."""
    filter_s, refine_s = 0.00904, 1 / 4.65  # a shortlist of 507, not of 506.3
    count = 5063
    described = DescribedPictures(
        TimedDescriptors(np.zeros((count, 1), np.float32), count * filter_s),
        TimedDescriptors(np.zeros((count, 1), np.float32), count * refine_s),
    )
    moreso, refine, _ = ranking_methods(True)
    assert moreso.efficiency(described) == pytest.approx(32.74, abs=0.05)
    assert refine.efficiency(described) == pytest.approx(4.65)


@given(st.integers(1, 500), st.floats(0.001, 1.0))
def test_a_shortlist_is_a_share_rounded_up(count: int, share: float) -> None:
    length = shortlisted(count, share)
    assert 1 <= length <= count
    assert length - 1 < share * count <= length


def test_ratios_are_finite() -> None:
    assert efficiency_ratio(60.0, 3.0) == 20.0
    assert extraction_efficiency(10, 2.0) == 5.0
    assert np.isfinite(efficiency_ratio(60.0, 0.0))


def test_without_a_refinement_its_rows_cannot_be_asked_for() -> None:
    lone = DescribedPictures(GALLERY.filter, None)
    with pytest.raises(ValueError, match="refinement"):
        ranking_methods(True)[1].rank(lone, lone, 0)
