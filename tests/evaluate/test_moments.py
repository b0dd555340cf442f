"""How a ranking of keyframes is judged by occurrences: by hand, and against a slow reference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.evaluate import RankingOutcome
from cbvir_core.evaluate.moments import RankedMoment, TrueSpan, outcome
from cbvir_core.types import VideoId

A, B = VideoId("a"), VideoId("b")
SPANS = (TrueSpan(A, 1.0, 2.0), TrueSpan(A, 2.0, 4.0), TrueSpan(B, 0.0, 1.0))
MOMENTS = st.builds(RankedMoment, st.sampled_from([A, B]), st.integers(0, 10).map(lambda half: half / 2))


def test_an_occurrence_counts_once_and_its_end_is_outside() -> None:
    """a 1.5 finds the first, a 1.0 is its second keyframe and ignored, a 4.0 and b 1.5 are false,
    a 2.0 lies in the second occurrence, since the first ends before 2.  Nothing finds the third."""
    ranking = [
        RankedMoment(A, 1.5),
        RankedMoment(A, 1.0),
        RankedMoment(A, 4.0),
        RankedMoment(B, 1.5),
        RankedMoment(A, 2.0),
    ]
    assert outcome(ranking, SPANS) == RankingOutcome((0, 3), 3)
    assert outcome([], SPANS) == RankingOutcome((), 3)


@given(st.lists(MOMENTS, max_size=20), st.sets(st.sampled_from(SPANS)))
def test_the_ranking_without_repeats_is_judged_plainly(
    ranking: list[RankedMoment], spans: set[TrueSpan]
) -> None:
    seen: set[TrueSpan] = set()
    labels: list[bool] = []
    for moment in ranking:
        inside = {span for span in spans if span.contains(moment)}
        if inside & seen:
            continue
        seen |= inside
        labels.append(bool(inside))
    expected = RankingOutcome(tuple(at for at, good in enumerate(labels) if good), len(spans))
    assert outcome(ranking, spans) == expected
