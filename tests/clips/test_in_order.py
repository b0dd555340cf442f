"""Pictures in order: the chain of hits of one video that does not turn back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.clips import videos_in_order
from cbvir_core.clips.in_order import LEAST_DOUBT
from cbvir_core.errors import NotAPicture
from cbvir_core.library import Library
from cbvir_core.types import Answer, Hit, KeyframeId, Verdict, VideoId
from support.films import Film
from support.libraries import LibraryOpener
from support.pieces import pictures_of

Found = tuple[str, float, float]
"""A hit: video, time in seconds, probability."""


def answer(found: Sequence[Found]) -> Answer:
    hits = tuple(
        Hit(
            rank,
            KeyframeId(VideoId(video * 32), rank),
            Path(f"/films/{video}.mp4"),
            time_s,
            time_s,
            time_s + 1,
            probability,
            Verdict.LIKELY,
            "plain",
        )
        for rank, (video, time_s, probability) in enumerate(found, start=1)
    )
    return Answer(Verdict.NONE, hits, 0.0, {}, 0, 0, "builtin", refined=False)


def slow_doubt(hits: Sequence[Sequence[Found]]) -> float:
    """The least product of doubts of any choice whose times rise or fall, by trying all of them."""
    least = 1.0
    for chosen in product(*[[None, *own] for own in hits]):
        times = [one[1] for one in chosen if one is not None]
        if times in (sorted(times), sorted(times, reverse=True)):
            doubt = 1.0
            for one in chosen:
                doubt *= 1.0 if one is None else max(LEAST_DOUBT, 1.0 - one[2])
            least = min(least, doubt)
    return least


found_hits = st.lists(
    st.lists(st.tuples(st.just("a"), st.integers(0, 9).map(float), st.floats(0.0, 1.0)), max_size=3),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(found_hits)
def test_the_chain_is_the_best_of_all(found: list[list[Found]]) -> None:
    results = videos_in_order([answer(own) for own in found])
    if not any(found):
        assert results == []
        return
    (best,) = results
    assert 1.0 - best.probability == pytest.approx(slow_doubt(found), abs=1e-9)
    assert len(best.hits) == len(found)
    times = [hit.time_s for hit in best.hits if hit is not None]
    assert times == sorted(times, reverse=best.is_reversed)


def test_the_video_with_more_of_them_comes_first() -> None:
    results = videos_in_order(
        [
            answer([("b", 5.0, 0.8), ("a", 7.0, 0.6)]),
            answer([("a", 90.0, 0.6)]),
            answer([("c", 1.0, 0.7), ("a", 91.0, 0.6)]),
        ]
    )
    assert [one.video_id[0] for one in results] == ["a", "b", "c"]
    assert [None if one is None else one.time_s for one in results[0].hits] == [7.0, 90.0, 91.0]
    assert results[0].verdict is Verdict.MATCH
    assert results[1].hits[1:] == (None, None)


def test_the_opposite_order_is_said() -> None:
    (best,) = videos_in_order([answer([("a", 9.0, 0.9)]), answer([("a", 3.0, 0.9)])])
    assert best.is_reversed
    assert [one.time_s for one in best.hits if one is not None] == [9.0, 3.0]


@pytest.fixture
def library(open_filled: LibraryOpener) -> Iterator[Library]:
    with open_filled() as opened:
        yield opened


def test_pictures_of_a_film_are_found_in_it(library: Library, films: list[Film]) -> None:
    pictures = pictures_of(films[0], (2.0, 12.0))[::30]
    best = library.search_in_order(pictures)[0]
    assert best.path == films[0].path
    assert not best.is_reversed
    assert sum(one is not None for one in best.hits) >= len(pictures) - 1


def test_the_picture_that_cannot_be_read_is_named(library: Library, films: list[Film]) -> None:
    (shown, *_) = pictures_of(films[0], (2.0, 3.0))
    with pytest.raises(NotAPicture, match="picture 2"):
        library.search_in_order([shown, b"no picture"])
