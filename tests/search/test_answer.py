"""Hits and refinement over a real store, with made-up descriptors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.errors import DiskFull
from cbvir_core.search.answer import Judged, Scored, best_verdict, candidates, hits, margins
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.prepare import prepare
from cbvir_core.search.refine import MISSING, Refiner, compare
from cbvir_core.search.shortlist import Shortlist
from cbvir_core.store import Generation, Store
from cbvir_core.types import Hit, Image, Keyframe, Rows, Verdict, VideoId, VideoInfo

SCENES = 12


class Brightness:
    """An encoder whose descriptor is an angle that the mean brightness gives."""

    dim = 2
    fingerprint = "brightness"

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, images: Sequence[Image]) -> Rows:
        self.encoded += len(images)
        angles = np.array([image.mean() / 255.0 for image in images])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def shade(value: int) -> Image:
    return np.full((36, 64, 3), value, np.uint8)


def info(name: str, path: Path) -> VideoInfo:
    form = (1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1, 25), Fraction(0), 60.0, 25.0)
    return VideoInfo(path, VideoId(name), *form)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def generation(store: Store, tmp_path: Path) -> Generation:
    """Two videos of twelve scenes each; scene n of both has brightness 20 n."""
    made = store.generation("filter", "brightness")
    store.set_answering(made)
    for name in ("aa", "bb"):
        (tmp_path / f"{name}.mp4").touch()
        store.begin(info(name, tmp_path / f"{name}.mp4"))
        scenes = [Keyframe(n + 0.5, n, n + 1.0, shade(20 * n)) for n in range(SCENES)]
        store.append(VideoId(name), scenes, made, np.eye(SCENES, dtype=np.float32))
        store.finish(VideoId(name), damaged=0, duration_s=None)
    return made


def scored(rows: list[int], scores: list[float]) -> Scored:
    return Scored(np.array(rows), np.array(scores), ("plain",) * len(rows))


def found(store: Store, answered: Scored, options: SearchOptions) -> tuple[Hit, ...]:
    """Hits whose probability is their score."""
    scenes = candidates(store, answered, 99, options.without)
    return hits([Judged(scene, scene.score) for scene in scenes], options)


def listed(rows: list[int]) -> Shortlist:
    distances = np.linspace(0.1, 0.5, len(rows)).astype(np.float32)
    return Shortlist(np.array(rows), distances, np.zeros(len(rows), np.int64))


def test_hits_are_ordered_cut_and_judged(store: Store, generation: Generation, tmp_path: Path) -> None:
    answer = found(store, scored([2, 14, 3, 5], [0.6, 0.9, 0.1, 0.6]), SearchOptions(top=3))
    assert [(hit.rank, str(hit.keyframe_id), hit.verdict) for hit in answer] == [
        (1, "bb:1", Verdict.MATCH),
        (2, "aa:1", Verdict.LIKELY),
        (3, "aa:4", Verdict.LIKELY),
    ]
    assert (answer[0].path, answer[0].time_s) == (tmp_path / "bb.mp4", 1.5)
    assert (answer[0].scene_start_s, answer[0].scene_end_s) == (1.0, 2.0)
    assert best_verdict(answer) == Verdict.MATCH
    assert best_verdict(()) == Verdict.NONE


def test_one_hit_per_scene(store: Store, generation: Generation, tmp_path: Path) -> None:
    store.begin(info("cc", tmp_path / "cc.mp4"))
    twins = [Keyframe(time_s, 0.0, 3.0, shade(9)) for time_s in (1.0, 2.0)]
    first, second = store.append(VideoId("cc"), twins, generation, np.eye(SCENES, dtype=np.float32)[:2])
    (hit,) = found(store, scored([first, second], [0.4, 0.8]), SearchOptions())
    assert (hit.time_s, hit.score) == (2.0, 0.8)


def test_a_path_in_the_folder_that_was_asked_for_is_reported(
    store: Store, generation: Generation, tmp_path: Path
) -> None:
    copy = tmp_path / "sub" / "copy.mp4"
    copy.parent.mkdir()
    store.add_path(VideoId("aa"), copy)
    within = SearchOptions(within=(copy.parent,))
    assert found(store, scored([1], [1.0]), within)[0].path == tmp_path / "aa.mp4", "the copy is offline"
    copy.touch()
    assert found(store, scored([1], [1.0]), within)[0].path == copy
    assert found(store, scored([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"


def test_a_path_that_exists_is_reported(store: Store, generation: Generation, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    store.add_path(VideoId("aa"), copy)
    assert found(store, scored([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"
    copy.touch()
    (tmp_path / "aa.mp4").unlink()
    assert found(store, scored([1], [1.0]), SearchOptions())[0].path == copy
    copy.unlink()  # offline: the first one that was known
    assert found(store, scored([1], [1.0]), SearchOptions())[0].path == tmp_path / "aa.mp4"


def test_videos_that_are_no_answer_are_left_out(store: Store, generation: Generation) -> None:
    options = SearchOptions(without=frozenset({VideoId("bb")}))
    (hit,) = found(store, scored([1, 13], [0.8, 0.9]), options)
    assert (hit.rank, str(hit.keyframe_id)) == (1, "aa:0")


def test_a_keyframe_of_two_looks_has_its_higher_score() -> None:
    first = Scored(np.array([4, 2, 9]), np.array([0.9, 0.5, 0.1]), ("a", "b", "c"))
    second = Scored(np.array([2, 7]), np.array([0.8, 0.3]), ("d", "e"))
    both = first.joined(second)
    assert both.rows.tolist() == [4, 2, 7, 9]
    assert both.scores.tolist() == [0.9, 0.8, 0.3, 0.1]
    assert both.variants == ("a", "d", "e", "c")


def test_a_margin_is_to_the_best_of_another_video(store: Store, generation: Generation) -> None:
    scenes = candidates(store, scored([1, 2, 13, 14], [0.9, 0.8, 0.7, 0.2]), 99)
    assert margins(scenes) == pytest.approx([0.2, 0.1, -0.2, -0.7])
    assert margins(scenes[:2]) == pytest.approx([0.9, 0.8])  # no other video: as if it had nothing


def test_what_was_forgotten_meanwhile_is_left_out(store: Store, generation: Generation) -> None:
    store.forget(VideoId("aa"))
    (hit,) = found(store, scored([1, 13], [0.9, 0.8]), SearchOptions())
    assert (hit.rank, str(hit.keyframe_id)) == (1, "bb:0")


def test_missing_rows_are_computed_once_and_kept(store: Store, generation: Generation) -> None:
    encoder = Brightness()
    refiner = Refiner(store, generation, encoder)
    wanted = listed(list(range(1, 2 * SCENES + 1)))
    for turn in range(1, 2 * SCENES // MISSING + 2):
        rows, known = refiner.candidate_rows(wanted)
        assert known.sum() == min(turn * MISSING, 2 * SCENES)
        assert known[: known.sum()].all()  # the nearest first
        expected = Brightness().encode([shade(20 * (n % SCENES)) for n in range(2 * SCENES)])
        np.testing.assert_allclose(rows[known], expected[known], atol=2e-3)
    assert encoder.encoded == store.counts().refined == 2 * SCENES


def test_a_full_disk_does_not_spoil_the_answer(
    store: Store, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise DiskFull("no room")

    monkeypatch.setattr(store, "put_refine", full)
    _, known = Refiner(store, generation, Brightness()).candidate_rows(listed([1, 2]))
    assert known.all()
    assert store.counts().refined == 0


def test_a_forgotten_candidate_has_no_descriptor(store: Store, generation: Generation) -> None:
    store.forget(VideoId("aa"))
    rows, known = Refiner(store, generation, Brightness()).candidate_rows(listed([1, 13, 2]))
    assert known.tolist() == [False, True, False]
    assert rows.shape == (3, 2)
    gone = Refiner(store, generation, Brightness()).candidate_rows(listed([1, 2]))
    refined = compare(np.array([0]), np.ones((1, 2), np.float32), *gone)
    assert not refined.known.any()


def test_the_nearest_two_variants_are_refined(store: Store, generation: Generation) -> None:
    page = shade(0)
    page[10:26] = np.random.default_rng(0).integers(100, 256, (16, 64, 3))
    variants = prepare(page)
    assert len(variants) == 4
    found = Shortlist(np.arange(1, 5), np.array([0.1, 0.2, 0.3, 0.4], np.float32), np.array([3, 3, 1, 0]))
    numbers, rows = Refiner(store, generation, Brightness()).query_rows(variants, found)
    assert numbers.tolist() == [3, 1]
    assert rows.shape == (2, 2)


def test_the_best_variant_wins_and_ties_go_to_the_first() -> None:
    queries = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], np.float32)
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    refined = compare(np.array([3, 2, 0]), queries, rows, np.array([True, True]))
    assert refined.variants.tolist() == [0, 3]
    np.testing.assert_allclose(refined.cosines, [1.0, 1.0])
