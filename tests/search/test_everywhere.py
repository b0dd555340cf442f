"""Every scene that shows the picture: how far is looked, what a margin is, and how scenes lie in videos."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.search import SearchOptions
from cbvir_core.search.answer import KEYFRAME_NOTE, Candidate, Judged, best_verdict, hits, margins
from cbvir_core.search.everywhere import BATCH, PATIENCE, SCENES, look_through, undisputed, unfinished
from cbvir_core.search.groups import TWIN_COSINE
from cbvir_core.search.shortlist import EVERYWHERE
from cbvir_core.search.verifying import Verifier
from cbvir_core.store import KeyframeRow, Store, VideoRecord
from cbvir_core.types import Answer, Image, Keyframe, Verdict, VideoId, VideoInfo
from cbvir_core.verify import QUERY, describe
from support.candidates import candidate, unit

ALL = SearchOptions(everywhere=True)

SCENE = st.tuples(st.sampled_from("abcde"), st.floats(0, 1), st.sampled_from([0.0, 0.1, 1.5]), st.booleans())
"""Video, score, the direction of the still's descriptor, and whether local features agree."""


def texture(seed: int) -> Image:
    cells = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(cells, (160, 90), interpolation=cv2.INTER_CUBIC), np.uint8)


SHOT, OTHER = texture(0), texture(1)
AGAIN = (0, 1, BATCH + 3, BATCH + 3 + PATIENCE - 1, 5 * PATIENCE)
"""Where the shot comes among the candidates: the last time after more than `PATIENCE` others."""


@pytest.fixture
def found(tmp_path: Path) -> Iterator[tuple[Store, list[Candidate]]]:
    with Store.open(tmp_path / "store") as store:
        generation = store.generation("filter", None)
        form = (1, "mp4", "h264", 160, 90, 0, Fraction(1), Fraction(1, 25), Fraction(0), 999.0, 25.0)
        store.begin(VideoInfo(tmp_path / "a.mp4", VideoId("aa"), *form))
        count = AGAIN[-1] + 1
        scenes = [Keyframe(n + 0.5, n, n + 1.0, SHOT if n in AGAIN else OTHER) for n in range(count)]
        rows = store.append(VideoId("aa"), scenes, generation, np.ones((count, 1), np.float32))
        video = store.video(VideoId("aa"))
        assert video is not None
        yield store, [scene(store, row, video) for row in rows]


def scene(store: Store, row: int, video: VideoRecord) -> Candidate:
    (keyframe,) = store.keyframe_rows([row])
    assert isinstance(keyframe, KeyframeRow)
    return Candidate(keyframe, video, 0.5, "plain")


def test_looking_goes_on_for_as_long_as_scenes_agree(found: tuple[Store, list[Candidate]]) -> None:
    store, scenes = found
    looked = look_through(Verifier(store), describe(SHOT, QUERY), scenes)
    rows = [one.keyframe.row for one in scenes]
    assert list(looked) == rows[: len(looked)]  # best first
    assert [n for n, row in enumerate(rows) if looked.get(row) is not None] == list(AGAIN[:-1])
    last = AGAIN[-2]
    assert last + PATIENCE < len(looked) <= last + PATIENCE + BATCH
    assert len(looked) % BATCH == 0


def test_all_are_looked_at_where_they_are_few(found: tuple[Store, list[Candidate]]) -> None:
    store, scenes = found
    few = scenes[2 : 2 + BATCH + 3]
    assert len(look_through(Verifier(store), describe(SHOT, QUERY), few)) == len(few)


@given(st.lists(SCENE, max_size=25))
def test_a_margin_leaves_out_what_shows_the_same(scenes: list[tuple[str, float, float, bool]]) -> None:
    found = [candidate(row, video, score) for row, (video, score, _, _) in enumerate(scenes)]
    rows = unit([angle for _, _, angle, _ in scenes])
    agree = [one[3] for one in scenes]
    made = undisputed(found, np.array(agree, bool), rows)
    for here, one in enumerate(found):
        rivals = [
            other.score
            for there, other in enumerate(found)
            if other.video.video_id != one.video.video_id
            and not (agree[here] and agree[there])
            and rows[here] @ rows[there] < TWIN_COSINE
        ]
        assert made[here] == pytest.approx(one.score - max(rivals, default=0.0))


@given(st.lists(SCENE, max_size=25))
def test_no_margin_is_less_than_that_to_any_other_video(scenes: list[tuple[str, float, float, bool]]) -> None:
    found = [candidate(row, video, score) for row, (video, score, _, _) in enumerate(scenes)]
    agree = np.array([one[3] for one in scenes], bool)
    made = undisputed(found, agree, unit([angle for _, _, angle, _ in scenes]))
    found_best_first = sorted(found, key=lambda one: -one.score)
    usual = {
        one.keyframe.row: margin
        for one, margin in zip(found_best_first, margins(found_best_first), strict=True)
    }
    assert all(made[row] >= usual[row] - 1e-9 for row in usual)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 999), st.floats(0, 1)), max_size=40))
def test_videos_hold_the_results_and_nothing_else(scenes: list[tuple[str, int, float]]) -> None:
    times = {time_s for _, time_s, _ in scenes}
    judged = [Judged(candidate(time_s, video, 0.0), score) for video, time_s, score in scenes]
    found = hits(judged, ALL)
    answer = Answer(best_verdict(found), found, 0.0, {}, 0, 0, "none", False)
    assert [hit.score for hit in found] == sorted((s for _, _, s in scenes if s >= 0.5), reverse=True)
    assert answer.verdict == (found[0].verdict if found else Verdict.NONE)
    by_rank = sorted((hit for video in answer.videos for hit in video.scenes), key=lambda hit: hit.rank)
    assert tuple(by_rank) == found
    assert len({video.video_id for video in answer.videos}) == len(answer.videos)
    for video in answer.videos:
        assert {(hit.keyframe_id.video, hit.path) for hit in video.scenes} == {(video.video_id, video.path)}
        assert all(one.time_s <= next_one.time_s for one, next_one in pairwise(video.scenes))
        assert {hit.time_s for hit in video.scenes} <= times
    best = [min(hit.rank for hit in video.scenes) for video in answer.videos]
    assert best == sorted(best)


def test_every_likely_scene_is_a_hit_however_many() -> None:
    judged = [Judged(candidate(row, f"v{row % 60}", 0.9), 0.95 if row % 3 else 0.3) for row in range(180)]
    assert len(hits(judged, SearchOptions(top=10))) == 10
    found = hits(judged, ALL)
    assert len(found) == 120
    assert {hit.time_note for hit in found} == {KEYFRAME_NOTE}


def test_the_bound_is_told_of_where_it_may_hide_something() -> None:
    def judged(count: int, last: float) -> list[Judged]:
        scenes = [candidate(row, "a", 0.9) for row in range(count)]
        return [Judged(one, last if row >= count - PATIENCE else 0.99) for row, one in enumerate(scenes)]

    assert unfinished(judged(SCENES, 0.9), ALL)
    assert not unfinished(judged(SCENES, 0.1), ALL)
    assert not unfinished(judged(SCENES - 1, 0.9), ALL)
    assert not unfinished([], ALL)


def test_the_shortlist_is_wide_enough_for_the_bound() -> None:
    assert ALL.listed == EVERYWHERE >= SCENES
    assert SearchOptions(top=7).listed == 7
