"""The probability of candidates that were not verified, and the note on the bound."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search import SearchOptions
from cbvir_core.search.bounds import EVERY_SCENE
from cbvir_core.search.findings import Candidate, Findings
from cbvir_core.search.judge import BOUND_NOTE, judge
from support.candidates import candidate, query_for

EVERYWHERE = SearchOptions(everywhere=True)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=12))
def test_what_was_not_verified_is_not_more_probable_than_what_was(drawn: list[tuple[float, bool]]) -> None:
    candidates = tuple(
        candidate(row, "a", 0.5, probability, checked=checked)
        for row, (probability, checked) in enumerate(drawn)
    )
    judged = judge(query_for(), Findings(candidates=candidates)).candidates
    lowest = min((probability for probability, checked in drawn if checked), default=1.0)
    for (probability, checked), one in zip(drawn, judged, strict=True):
        assert one.probability == (probability if checked else min(probability, lowest))


def test_a_note_says_where_the_bound_may_hide_scenes() -> None:
    count, patience = EVERY_SCENE.candidates, EVERY_SCENE.patience

    def noted(number: int, last: float, options: SearchOptions = EVERYWHERE) -> bool:
        candidates: tuple[Candidate, ...] = tuple(
            candidate(row, "a", 0.9, last if row >= number - patience else 0.99) for row in range(number)
        )
        found = judge(query_for(options), Findings(candidates=candidates)).notes
        return BOUND_NOTE.format(count=number) in found

    assert noted(count, 0.9)
    assert not noted(count, 0.1)
    assert not noted(count - 1, 0.9)
    assert not noted(0, 0.9)
    assert not noted(count, 0.9, replace(EVERYWHERE, everywhere=False))


def test_a_note_comes_once() -> None:
    candidates = tuple(candidate(row, "a", 0.9, 0.9) for row in range(EVERY_SCENE.candidates))
    query = query_for(EVERYWHERE)
    once = judge(query, Findings(candidates=candidates))
    assert judge(query, once).notes == once.notes
    assert len(once.notes) == 1
