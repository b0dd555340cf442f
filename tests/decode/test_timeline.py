"""Presentation time only grows; samples lie on their grid; gaps that are too long are noticed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.decode.skipping import GapWatch, first_skip
from cbvir_core.decode.timeline import Sampler, Timeline, interval_of

TICK = Fraction(1, 1000)
FRAME_S = Fraction(1, 25)


def timeline(start: int = 0) -> Timeline:
    return Timeline(TICK, start * TICK, FRAME_S)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), max_size=60), st.integers(-99, 99))
def test_time_grows_whatever_the_pts(pts: list[int | None], start: int) -> None:
    clock = timeline(start)
    times = [clock.at(value) for value in pts]
    assert all(time >= 0 for time in times)
    assert all(late > early for early, late in pairwise(times))


@given(st.lists(st.integers(0, 10**9), unique=True), st.integers(0, 10**6))
def test_ordered_pts_are_kept_exactly(pts: list[int], start: int) -> None:
    clock = timeline(start)
    assert [clock.at(value + start) for value in sorted(pts)] == [value * TICK for value in sorted(pts)]


def test_missing_pts_are_counted() -> None:
    clock = timeline()
    assert [clock.at(pts) for pts in (None, None, 500, None)] == [
        0,
        FRAME_S,
        Fraction(1, 2),
        Fraction(27, 50),
    ]


def test_a_joined_recording_goes_on() -> None:
    clock = timeline()
    times = [float(clock.at(pts)) for pts in (0, 40, 9000, 0, 40, 80)]
    assert times == pytest.approx([0, 0.04, 9, 9.04, 9.08, 9.12])


@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=100),
    st.sampled_from([Fraction(1, 2), Fraction(3), Fraction(25)]),
)
def test_samples_are_the_first_at_or_after_each_point(gaps: list[int], rate: Fraction) -> None:
    times = [sum(gaps[:n]) * TICK for n in range(len(gaps))]
    sampler = Sampler(float(rate))
    taken = [time for time in times if sampler.wants(time)]
    slack = sampler.interval / 20
    points = {(time - times[0] + slack) // sampler.interval for time in taken}
    assert taken[0] == times[0]
    assert len(points) == len(taken)
    for earlier, later in pairwise(taken):
        between = [time for time in times if earlier < time < later]
        assert all(
            (time - times[0] + slack) // sampler.interval == (earlier - times[0] + slack) // sampler.interval
            for time in between
        )


def test_all_frames_without_a_rate() -> None:
    sampler = Sampler(None)
    assert all(sampler.wants(n * TICK) for n in range(50))


@pytest.mark.parametrize("rate", [0, -1, 1e-9])
def test_a_rate_above_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="samples_per_s"):
        interval_of(rate)


def watch(sent: list[int | None], shown: list[int | None], limit: Fraction = Fraction(1, 3)) -> bool:
    gaps = GapWatch(limit, TICK)
    for pts in sent:
        gaps.sent(pts)
    for pts in shown:
        gaps.shown(pts)
    return gaps.too_sparse


def test_a_gap_with_skipped_frames_is_too_sparse() -> None:
    assert watch([0, 400, 100, 200, 300], [0, 400])


def test_a_gap_of_the_film_itself_does_not() -> None:
    assert not watch([0, 400, 900, 5000], [0, 400, 900, 5000])


def test_short_gaps_do_not() -> None:
    assert not watch([0, 200, 100, 400, 300], [0, 200, 400])


def test_a_decoder_that_stays_silent_is_too_sparse() -> None:
    assert watch([0], [0]) is False
    assert watch(list(range(0, 4000, 40)), [])


def test_frames_without_pts_cannot_be_watched() -> None:
    assert watch([None], [])
    assert watch([0], [None])


def test_what_each_mode_skips() -> None:
    assert first_skip("every", "h264") == "DEFAULT"
    assert first_skip("auto", "h264") == first_skip("reference", "hevc") == "NONREF"
    assert first_skip("keyframes", "h264") == "NONKEY"
    assert first_skip("auto", "libdav1d") == "DEFAULT"
