"""Scenes of a shortlist, and hits: at most one for each scene, in order, with a path that exists."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search import KEYFRAME_NOTE, MatchEvidence, SearchOptions
from cbvir_core.search.answer import answer, hits, verdict
from cbvir_core.search.findings import Candidate, Findings, scenes_of
from cbvir_core.search.shortlist import Shortlist
from cbvir_core.store import Generation, Store
from cbvir_core.types import Hit, Keyframe, Verdict, VideoId
from support.candidates import SHADES, candidate, query_for, shade, video_info

EVERYWHERE = SearchOptions(everywhere=True)


def shortlist(rows: list[int], scores: list[float]) -> Shortlist:
    return Shortlist(np.array(rows), np.array(scores), ("plain",) * len(rows))


def found(store: Store, listed: Shortlist, options: SearchOptions) -> tuple[Hit, ...]:
    """Hits whose probability is their score."""
    evidence = MatchEvidence(0.0, 0.0, refined=False, checked=False)
    return hits([Candidate(one, evidence, one.score) for one in scenes_of(store, listed, {})], options)


def test_hits_are_ordered_cut_and_judged(store: Store, generation: Generation, tmp_path: Path) -> None:
    results = found(store, shortlist([2, 14, 3, 5], [0.6, 0.9, 0.1, 0.6]), SearchOptions(top=3))
    assert [(hit.rank, str(hit.keyframe_id), hit.verdict) for hit in results] == [
        (1, "bb:1", Verdict.MATCH),
        (2, "aa:1", Verdict.LIKELY),
        (3, "aa:4", Verdict.LIKELY),
    ]
    assert (results[0].path, results[0].time_s) == (tmp_path / "bb.mp4", 1.5)
    assert (results[0].scene_start_s, results[0].scene_end_s) == (1.0, 2.0)


def test_the_verdict_of_an_answer_is_that_of_its_best_hit() -> None:
    candidates = (candidate(1, "a", 0.4, 0.6), candidate(2, "b", 0.5, 0.95))
    assert answer(query_for(), Findings(candidates=candidates), "p").verdict == Verdict.MATCH
    nothing = answer(query_for(), Findings(), "p")
    assert (nothing.verdict, nothing.results, nothing.shortlisted) == (Verdict.NONE, (), 0)


def test_one_hit_per_scene(store: Store, generation: Generation, tmp_path: Path) -> None:
    store.begin(video_info("cc", tmp_path / "cc.mp4"))
    twins = [Keyframe(time_s, 0.0, 3.0, shade(9)) for time_s in (1.0, 2.0)]
    first, second = store.append(VideoId("cc"), twins, generation, np.eye(SHADES, dtype=np.float32)[:2])
    (hit,) = found(store, shortlist([first, second], [0.4, 0.8]), SearchOptions())
    assert (hit.time_s, hit.probability, hit.score) == (2.0, 0.8, 0.8)


def test_a_path_in_the_folder_that_was_asked_for_is_reported(
    store: Store, generation: Generation, tmp_path: Path
) -> None:
    copy = tmp_path / "sub" / "copy.mp4"
    copy.parent.mkdir()
    store.add_path(VideoId("aa"), copy)
    within = SearchOptions(within=(copy.parent,))
    assert found(store, shortlist([1], [1.0]), within)[0].path == tmp_path / "aa.mp4", "the copy is offline"
    copy.touch()
    assert found(store, shortlist([1], [1.0]), within)[0].path == copy
    assert found(store, shortlist([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"


def test_a_path_that_exists_is_reported(store: Store, generation: Generation, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    store.add_path(VideoId("aa"), copy)
    assert found(store, shortlist([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"
    copy.touch()
    (tmp_path / "aa.mp4").unlink()
    assert found(store, shortlist([1], [1.0]), SearchOptions())[0].path == copy
    copy.unlink()  # offline: the first one that was known
    assert found(store, shortlist([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"


def test_what_was_forgotten_meanwhile_is_left_out(store: Store, generation: Generation) -> None:
    store.forget(VideoId("aa"))
    (hit,) = found(store, shortlist([1, 13], [0.9, 0.8]), SearchOptions())
    assert (hit.rank, str(hit.keyframe_id)) == (1, "bb:0")


@pytest.mark.parametrize(
    ("probability", "claim"),
    [(0.7, Verdict.MATCH), (0.69, Verdict.LIKELY), (0.5, Verdict.LIKELY), (0.49, Verdict.NONE)],
)
def test_verdicts(probability: float, claim: Verdict) -> None:
    assert verdict(probability, SearchOptions(match_score=0.7, likely_score=0.5)) == claim


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 999), st.floats(0, 1)), max_size=40))
def test_videos_hold_the_results_and_nothing_else(drawn: list[tuple[str, int, float]]) -> None:
    times = {time_s for _, time_s, _ in drawn}
    candidates = tuple(candidate(time_s, video, 0.0, probability) for video, time_s, probability in drawn)
    given_answer = answer(query_for(EVERYWHERE), Findings(candidates=candidates), "none")
    results = given_answer.results
    assert [hit.probability for hit in results] == sorted((p for _, _, p in drawn if p >= 0.5), reverse=True)
    assert given_answer.verdict == (results[0].verdict if results else Verdict.NONE)
    by_rank = sorted((hit for video in given_answer.videos for hit in video.scenes), key=lambda hit: hit.rank)
    assert tuple(by_rank) == results
    assert len({video.video_id for video in given_answer.videos}) == len(given_answer.videos)
    for video in given_answer.videos:
        assert {(hit.keyframe_id.video, hit.path) for hit in video.scenes} == {(video.video_id, video.path)}
        assert all(one.time_s <= next_one.time_s for one, next_one in pairwise(video.scenes))
        assert {hit.time_s for hit in video.scenes} <= times
    best = [min(hit.rank for hit in video.scenes) for video in given_answer.videos]
    assert best == sorted(best)


def test_every_likely_scene_is_a_hit_however_many() -> None:
    candidates = [candidate(row, f"v{row % 60}", 0.9, 0.95 if row % 3 else 0.3) for row in range(180)]
    assert len(hits(candidates, SearchOptions(top=10))) == 10
    results = hits(candidates, EVERYWHERE)
    assert len(results) == 120
    assert {hit.time_note for hit in results} == {KEYFRAME_NOTE}
