"""A whole query over a small store: which passes run, in which order, and what the answer says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cbvir_core.errors import InputError, UnknownVideo
from cbvir_core.localise import Moment
from cbvir_core.search import SearchOptions, looks, searcher
from cbvir_core.search.find import Finder
from cbvir_core.search.findings import Scene
from cbvir_core.search.localise import Localiser
from cbvir_core.search.prepare import BLANK_NOTE, EMPTY_NOTE, NO_SOLAR_NOTE, SOLAR_LATE_NOTE, Preparer
from cbvir_core.search.verify import Verifier
from cbvir_core.types import Answer, Image, Verdict, VideoId
from cbvir_core.verify import LocalFeatures
from support.confidence import model_of, weights
from support.small_search import HueEncoder, SmallSearch, colour_picture

RED, YELLOW, GREEN, BLUE, PINK = (colour_picture(hue) for hue in (0, 30, 60, 120, 150))
NO_PARTS = SearchOptions(regions=False)
EVERYWHERE = SearchOptions(everywhere=True, regions=False, exact_time_s=0.0)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallSearch]:
    made = SmallSearch(tmp_path)
    yield made
    made.close()


@pytest.fixture
def films(small: SmallSearch) -> SmallSearch:
    """Two videos that share no scene."""
    small.add("aa", [RED, GREEN])
    small.add("bb", [BLUE, YELLOW])
    return small


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the passes in the order in which they run."""
    ran: list[str] = []

    def watch(owner: Any, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        def watched(*arguments: Any, **keywords: Any) -> Any:
            ran.append(name)
            return original(*arguments, **keywords)

        monkeypatch.setattr(owner, name, watched)

    for owner, name in (
        (Preparer, "prepare"),
        (Finder, "find"),
        (Verifier, "verify"),
        (Localiser, "localise"),
        (searcher, "judge"),
        (searcher, "answer"),
    ):
        watch(owner, name)
    return ran


@pytest.fixture
def forest(films: SmallSearch) -> SmallSearch:
    """The films and a dozen scenes whose colour is that of a `page`, so that these are nearest to one."""
    films.add("forest", [colour_picture(55 + number) for number in range(12)])
    return films


def page(picture: Image) -> Image:
    """A green page, twice as wide and high as the picture, with the picture in its middle."""
    made = np.ascontiguousarray(colour_picture(60, 9).repeat(2, axis=0).repeat(2, axis=1))
    made[90:270, 160:480] = picture
    return made


def hits(answer: Answer) -> list[str]:
    return [str(hit.keyframe_id) for hit in answer.results]


def test_a_certain_query_takes_each_pass_once(films: SmallSearch, passes: list[str]) -> None:
    answer = films.searcher.search(BLUE)
    assert passes == ["prepare", "find", "verify", "localise", "judge", "answer"]
    best = answer.results[0]
    assert (str(best.keyframe_id), best.verdict, best.variant) == ("bb:0", Verdict.MATCH, "plain")
    assert best.evidence is not None
    assert best.evidence.inliers > 20
    assert (answer.verdict, answer.profile, answer.keyframes_searched) == (Verdict.MATCH, "small", 4)
    assert answer.stages_ms["regions"] == 0.0
    assert answer.stages_ms["verify"] > 0.0


def test_a_mirrored_picture_is_found_by_its_mirror_image(films: SmallSearch) -> None:
    flipped = np.ascontiguousarray(BLUE[:, ::-1])
    best = films.searcher.search(flipped).results[0]
    assert (str(best.keyframe_id), best.verdict) == ("bb:0", Verdict.MATCH)
    assert best.evidence is not None
    assert np.linalg.det(best.evidence.homography) < 0


def test_parts_are_looked_for_where_the_whole_picture_is_uncertain(
    forest: SmallSearch, passes: list[str]
) -> None:
    best = forest.searcher.search(page(BLUE)).results[0]
    assert passes == ["prepare", *2 * ["find", "verify", "localise", "judge"], "answer"]
    assert (str(best.keyframe_id), best.variant) == ("bb:0", "region")
    assert best.evidence is not None
    left, top, right, bottom = best.evidence.region
    assert (left, top, right, bottom) == pytest.approx((160, 90, 480, 270), abs=6)


@pytest.mark.parametrize("options", [NO_PARTS, SearchOptions(verify="never")])
def test_parts_are_not_looked_for_where_nobody_wants_them(
    forest: SmallSearch, passes: list[str], options: SearchOptions
) -> None:
    assert "bb:0" not in hits(forest.searcher.search(page(BLUE), options))
    assert passes.count("find") == 1


def test_no_still_is_compared_twice(forest: SmallSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    compare = Verifier.compare

    def watched(self: Verifier, query: LocalFeatures, scenes: Sequence[Scene]) -> Any:
        compared.extend(scene.keyframe.row for scene in scenes)
        return compare(self, query, scenes)

    monkeypatch.setattr(Verifier, "compare", watched)
    forest.searcher.search(page(BLUE))
    assert len(compared) > 8
    assert len(set(compared)) == len(compared)


def test_the_moment_of_a_scene_is_looked_for_once(
    films: SmallSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole picture makes the scene likely, not certain, and the parts lead to it again."""
    looked: list[Path] = []
    find_moment: Callable[..., Any] = vars(looks)["find_moment"]

    def watched(path: Path, *arguments: Any, **keywords: Any) -> Any:
        looked.append(path)
        return find_moment(path, *arguments, **keywords)

    monkeypatch.setattr(looks, "find_moment", watched)
    answer = films.searcher.search(BLUE, SearchOptions(match_score=1.0, exact_time_s=600.0))
    assert looked == [films.folder / "bb.mp4"]
    assert answer.stages_ms["regions"] > 0.0
    assert "The time is the keyframe's." in answer.results[0].time_note


def test_without_time_for_it_no_moment_is_looked_for(films: SmallSearch) -> None:
    answer = films.searcher.search(BLUE, SearchOptions(exact_time_s=0.0))
    assert (answer.stages_ms["moment"], answer.results[0].time_note) == (0.0, "")


def test_a_stock_shot_is_one_hit_and_everywhere_as_many_as_there_are(small: SmallSearch) -> None:
    for name in ("aa", "bb", "cc", "dd"):
        small.add(name, [BLUE, RED])
    first, *others = small.searcher.search(BLUE).results
    assert first.keyframe_id.number == 0
    assert {str(one.keyframe_id) for one in first.occurrences} | {str(first.keyframe_id)} == {
        "aa:0",
        "bb:0",
        "cc:0",
        "dd:0",
    }
    assert all(hit.keyframe_id.number == 1 for hit in others)
    every = small.searcher.search(BLUE, EVERYWHERE)
    assert sorted(hits(every)) == ["aa:0", "bb:0", "cc:0", "dd:0"]
    assert all(hit.occurrences == () and hit.verdict == Verdict.MATCH for hit in every.results)


def test_a_blank_picture_is_not_looked_for(films: SmallSearch, passes: list[str]) -> None:
    answer = films.searcher.search(np.full((90, 160, 3), 128, np.uint8))
    assert (answer.results, answer.verdict, answer.notes) == ((), Verdict.NONE, (BLANK_NOTE,))
    assert (answer.shortlisted, answer.stages_ms["mobilenet"]) == (0, 0.0)
    assert passes.count("find") == 1


def test_an_empty_library_is_said(small: SmallSearch) -> None:
    answer = small.searcher.search(BLUE)
    assert (answer.results, answer.keyframes_searched, answer.notes) == ((), 0, (EMPTY_NOTE,))


def test_without_solar_weights_a_note_says_so(films: SmallSearch) -> None:
    answer = films.searcher.search(BLUE)
    assert (answer.refined, answer.notes) == (False, (NO_SOLAR_NOTE,))


@pytest.fixture
def with_solar(tmp_path: Path) -> Iterator[SmallSearch]:
    """A library whose SOLAR network is still being loaded."""
    made = SmallSearch(tmp_path / "solar", HueEncoder(delay="its network is being loaded"))
    made.add("aa", [RED, GREEN, BLUE])
    yield made
    made.close()


def test_a_query_waits_for_solar_unless_told_not_to(with_solar: SmallSearch) -> None:
    waited = with_solar.searcher.search(BLUE)
    assert waited.refined
    assert waited.notes == (
        "1 of the shortlisted keyframes wait for their SOLAR descriptor and are scored by the filter.",
    )
    hurried = with_solar.searcher.search(BLUE, SearchOptions(wait_for_refine=False))
    assert not hurried.refined
    assert hurried.notes == (SOLAR_LATE_NOTE.format(delay="its network is being loaded"),)
    assert hits(hurried)[0] == hits(waited)[0] == "aa:2"


def test_within_and_without_limit_the_answer(films: SmallSearch) -> None:
    inside = films.searcher.search(BLUE, SearchOptions(within=(films.folder / "aa.mp4",), regions=False))
    assert set(hits(inside)) == {"aa:0", "aa:1"}
    assert inside.keyframes_searched == 2
    outside = films.searcher.search(BLUE, SearchOptions(without=frozenset({VideoId("bb")}), regions=False))
    assert set(hits(outside)) == {"aa:0", "aa:1"}
    assert outside.keyframes_searched == 4
    with pytest.raises(UnknownVideo):
        films.searcher.search(BLUE, SearchOptions(within=("nowhere",)))


def test_a_region_outside_the_picture_is_an_error(films: SmallSearch) -> None:
    with pytest.raises(InputError):
        films.searcher.search(BLUE, SearchOptions(region=(0, 0, 999, 5)))


def test_one_hit_per_scene(small: SmallSearch) -> None:
    """Two keyframes of one scene and a scene of its own that shows the same."""
    small.add("aa", [colour_picture(120, 1), BLUE, BLUE], [(0.0, 2.0), (0.0, 2.0), (2.0, 3.0)])
    answer = small.searcher.search(BLUE, NO_PARTS)
    spans = [(hit.scene_start_s, hit.scene_end_s) for hit in answer.results]
    assert sorted(spans) == [(0.0, 2.0), (2.0, 3.0)]


def test_a_video_that_is_forgotten_during_the_query_is_no_hit(films: SmallSearch) -> None:
    def forget() -> None:
        with suppress(UnknownVideo):  # the second variant of the query
            films.store.forget(VideoId("bb"))

    films.encoder.before_encoding = forget
    answer = films.searcher.search(BLUE, NO_PARTS)
    assert set(hits(answer)) == {"aa:0", "aa:1"}


def test_a_video_that_is_forgotten_before_verification_is_not_verified(
    films: SmallSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Finder.find

    def forgetting(self: Finder, *arguments: Any) -> Any:
        found = find(self, *arguments)
        films.store.forget(VideoId("bb"))
        return found

    monkeypatch.setattr(Finder, "find", forgetting)
    results = films.searcher.search(BLUE, NO_PARTS).results
    verified = {hit.keyframe_id.video: hit.evidence is not None for hit in results}
    assert not verified[VideoId("bb")]


def test_another_model_judges_later_queries(films: SmallSearch) -> None:
    never = model_of(*(weights(kind, -9.0) for kind in ("surveyed", "checked", "unchecked")))
    before = films.searcher.search(BLUE, NO_PARTS)
    films.searcher.set_confidence(never)
    assert films.searcher.confidence == never
    after = films.searcher.search(BLUE, NO_PARTS)
    assert (before.verdict, after.verdict) == (Verdict.MATCH, Verdict.NONE)


def test_the_best_candidate_is_what_an_answer_names_first(films: SmallSearch) -> None:
    best = films.searcher.best_candidate(BLUE)
    assert best is not None
    assert str(best.keyframe.keyframe_id) == hits(films.searcher.search(BLUE))[0] == "bb:0"
    assert best.evidence.checked
    assert best.evidence.verification is not None
    assert films.searcher.best_candidate(np.full((90, 160, 3), 128, np.uint8)) is None


def test_the_share_that_a_scene_shows(films: SmallSearch) -> None:
    best = films.searcher.best_candidate(BLUE)
    assert best is not None
    shown, other = (films.searcher.describe(picture) for picture in (BLUE, RED))
    assert films.searcher.share_shown(shown, best, enough=0.9) is None, "no thumbnails"
    assert films.searcher.share_shown(other, best, enough=0.9) == 0.0
    at_red = Moment(0.5, 0.5, 0.9, True, 3, 3, picture=RED)
    assert films.searcher.share_shown(other, replace(best, moment=at_red), enough=0.9) is None, (
        "that frame is"
    )


def test_the_best_scene_is_the_same_where_all_are_asked_for(films: SmallSearch) -> None:
    """What else is found changes margins, and so the probability of a scene must be kept."""
    best = films.searcher.search(BLUE, NO_PARTS).results[0]
    every = films.searcher.search(BLUE, replace(NO_PARTS, everywhere=True)).results[0]
    assert (every.keyframe_id, every.time_s, every.verdict, every.probability) == (
        best.keyframe_id,
        best.time_s,
        best.verdict,
        best.probability,
    )
