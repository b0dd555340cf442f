"""Which scenes' thumbnails are compared, and what that does to the order of the candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.localise import Moment, TemplateMatch, ThumbnailMatch
from cbvir_core.search import MatchEvidence, SearchOptions
from cbvir_core.search.findings import Candidate, Findings, FrameLook, Scene
from cbvir_core.search.localise import Localiser
from cbvir_core.search.looks import FrameLooker, confirmed
from cbvir_core.search.query import Query
from cbvir_core.types import Image
from cbvir_core.verify import Verification
from support.candidates import AGREES, matched, query_for, scene
from support.confidence import model_of, weights

MODEL = model_of(
    weights("surveyed", -10.0, explained=20.0), weights("checked", -5.0, score=10.0), weights("unchecked")
)
"""Descriptors decide until thumbnails are compared, and then what these explain alone."""


@dataclass
class ScriptedLocaliser(Localiser):
    """A localiser whose thumbnails say of each row what the script says; it remembers the rows."""

    explained: dict[int, float | None]
    compared: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(cast(FrameLooker, None))

    def thumbnail_match(self, part: Image, scene: Scene, verification: Verification) -> ThumbnailMatch | None:
        row = scene.keyframe.row
        self.compared.append(row)
        explained = self.explained[row]
        return None if explained is None else matched(explained)


def verified(scores: list[float]) -> Findings:
    """Findings of scenes of one video each, whose stills agree with the query."""
    evidence = [MatchEvidence(score, 0.1, True, True, AGREES) for score in scores]
    candidates = tuple(
        Candidate(scene(row, f"{row:02x}", one.score), one, MODEL.probability(one))
        for row, one in enumerate(evidence)
    )
    return Findings(candidates=candidates)


def query(options: SearchOptions = SearchOptions()) -> Query:
    return query_for(options, model=MODEL)


def test_one_scene_is_enough_where_the_first_stays_first() -> None:
    localiser = ScriptedLocaliser({0: 1.0, 1: 1.0, 2: 1.0})
    localiser.match_likely(query(), verified([0.9, 0.8, 0.7]))
    assert localiser.compared == [0]


def test_the_scene_that_comes_first_then_is_compared_too() -> None:
    """Two scenes of the same place and the right one, whose descriptors are not the nearest."""
    localiser = ScriptedLocaliser({0: 0.3, 1: 0.4, 2: 1.0})
    found = localiser.match_likely(query(), verified([0.9, 0.85, 0.8]))
    assert localiser.compared == [0, 1, 2]
    assert found.best_number == 2
    assert found.best_probability > 0.99


def test_a_scene_of_which_nothing_is_kept_is_judged_as_before() -> None:
    localiser = ScriptedLocaliser({0: None, 1: 1.0})
    before = verified([0.9, 0.6])
    found = localiser.match_likely(query(), before)
    assert localiser.compared == [0]
    assert found.candidates[0].evidence.thumbnail_match is None
    assert found.candidates[0].probability == pytest.approx(before.candidates[0].probability)


def test_a_scene_that_is_not_likely_is_compared_where_it_comes_first() -> None:
    localiser = ScriptedLocaliser({0: 1.0, 1: 1.0})
    found = localiser.match_likely(query(), verified([0.3, 0.2]))
    assert localiser.compared == [0]
    assert found.best_probability > 0.99


def test_scenes_beside_the_first_one_are_compared_too() -> None:
    """A camera that moves on shows nearly the same in the next scene, and descriptors cannot tell which."""
    localiser = ScriptedLocaliser({0: 0.7, 1: 1.0, 9: 1.0})
    known = verified([0.9, 0.6, 0.3])
    near, far = (replace(known.candidates[n], scene=scene(row, "00", 0.5)) for n, row in ((1, 1), (2, 9)))
    found = localiser.match_likely(query(), replace(known, candidates=(known.candidates[0], near, far)))
    assert sorted(localiser.compared) == [0, 1]
    assert found.best_number == 1


@dataclass
class ScriptedLooks:
    """Frames of which the script says, by row, whether they are exact; it remembers the rows.

    `correlations` are those of the picture with the thumbnails of each row, `fits` those of the best one of
    each row, compared with other scenes of its video, and `times_s` those of the best frames.
    """

    exact: dict[int, bool]
    correlations: dict[int, float] = field(default_factory=dict)
    fits: dict[int, float] = field(default_factory=dict)
    times_s: dict[int, float] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def match_at(self, part: Image, scene: Scene, *_: object) -> ThumbnailMatch:
        return matched(0.7)

    def rival_fits(self, part: Image, best: Candidate, scenes: Sequence[Scene]) -> list[float | None]:
        return [self.fits.get(scene.keyframe.row) for scene in scenes]

    def template_match(self, part: Image, scene: Scene) -> TemplateMatch | None:
        return TemplateMatch(1.0, self.correlations.get(scene.keyframe.row, 0.0))

    def look(self, query: Query, described: object, candidate: Candidate) -> FrameLook:
        self.rows.append(candidate.row)
        exact = self.exact[candidate.row]
        time_s = self.times_s.get(candidate.row, candidate.keyframe.time_s)
        moment = Moment(time_s, time_s, 1.0 if exact else 0.8, exact, 1, 1)
        return FrameLook(True, AGREES, matched(1.0 if exact else 0.8), moment)


def looked_at(
    exact: dict[int, bool],
    videos: str,
    correlations: Sequence[float] = (),
    explained: float = 0.8,
    fits: dict[int, float] | None = None,
    times_s: dict[int, float] | None = None,
) -> tuple[list[int], Findings]:
    """Look at frames of three scenes of these videos, the first of which is a match without; return rows.

    It is none where less is `explained`.
    """
    looks = ScriptedLooks(exact, dict(enumerate(correlations)), fits or {}, times_s or {})
    known = verified([0.9, 0.8, 0.7])
    candidates = tuple(
        replace(one, scene=scene(row, video, 0.5)).with_evidence(
            replace(one.evidence, thumbnail_match=matched(explained - row / 10)), MODEL
        )
        for row, (video, one) in enumerate(zip(videos, known.candidates, strict=True))
    )
    localiser = Localiser(cast(FrameLooker, looks))
    return looks.rows, localiser.look_at_frames(query(), replace(known, candidates=candidates))


def test_where_the_very_frame_is_found_nothing_else_is_decoded() -> None:
    rows, found = looked_at({0: True}, "aaa")
    assert rows == [0]
    assert found.best_number == 0


def test_where_it_is_not_found_the_scene_beside_is_decoded_too() -> None:
    rows, found = looked_at({0: False, 1: True}, "aab")
    assert rows == [0, 1]
    assert found.best_number == 1


def test_scenes_of_other_videos_are_not_beside() -> None:
    assert looked_at({0: False}, "abc")[0] == [0]


def test_where_the_picture_lies_in_a_thumbnail_of_the_match_nothing_else_is_decoded() -> None:
    """A crop has no frame of its own, so none of its moments is exact."""
    assert looked_at({0: False}, "aab", [0.95, 0.9, 0.4])[0] == [0]


def test_where_it_lies_better_in_a_thumbnail_of_another_scene_that_is_decoded() -> None:
    assert looked_at({0: False, 2: True}, "aab", [0.9, 0.5, 0.95])[0] == [0, 2]


def test_without_a_likely_scene_the_one_in_whose_thumbnail_it_lies_is_decoded() -> None:
    rows, found = looked_at({1: True}, "abc", [0.6, 0.9, 0.84], explained=0.3)
    assert rows == [1]
    assert found.best_number == 1


def test_where_it_lies_in_no_thumbnail_and_nothing_resembles_it_nothing_is_decoded() -> None:
    assert looked_at({}, "abc", [0.6, 0.5, 0.84], explained=0.3)[0] == []


def test_of_the_scenes_of_a_video_the_one_whose_thumbnails_fit_best_is_decoded_first() -> None:
    """A camera that stands still: the first scene is the most probable one, and the third holds the frame."""
    rows, found = looked_at({2: True}, "aaa", fits={0: 0.5, 1: 0.4, 2: 0.9})
    assert rows == [2]
    assert found.best_number == 2


def test_scenes_that_fit_about_as_well_are_decoded_until_the_frame_is_certain() -> None:
    rows, found = looked_at({0: False, 1: True, 2: True}, "aaa", fits={0: 0.9, 1: 0.88, 2: 0.87})
    assert rows == [0, 1]
    assert found.best_number == 1


def test_where_the_best_frame_lies_beyond_its_scene_the_one_beside_is_decoded() -> None:
    """The first scene lasts from 0 s to 1 s, and the best of its frames is one of the next scene."""
    rows, found = looked_at({0: False, 1: True}, "aab", [0.9, 0.5], times_s={0: 1.3})
    assert rows == [0, 1]
    assert found.best_number == 1
    assert looked_at({0: False}, "aab", [0.9, 0.5], times_s={0: 0.9})[0] == [0]


def test_a_rival_is_a_scene_of_the_same_video() -> None:
    assert looked_at({0: False}, "abc", fits={0: 0.5, 1: 0.4, 2: 0.9})[0] == [0]


def test_where_all_are_wanted_every_likely_one_is_compared() -> None:
    localiser = ScriptedLocaliser(dict.fromkeys(range(4), 1.0))
    localiser.match_likely(query(SearchOptions(everywhere=True)), verified([0.9, 0.8, 0.7, 0.1]))
    assert sorted(localiser.compared) == [0, 1, 2]


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.none() | st.floats(0.0, 1.0)), min_size=1, max_size=8))
def test_the_first_one_was_compared_and_none_twice(scenes: list[tuple[float, float | None]]) -> None:
    localiser = ScriptedLocaliser({row: explained for row, (_, explained) in enumerate(scenes)})
    before = verified([score for score, _ in scenes])
    found = localiser.match_likely(query(), before)
    assert len(set(localiser.compared)) == len(localiser.compared)
    best = found.candidates[found.best_number]
    assert best.row in localiser.compared
    again = localiser.match_likely(
        query(), Findings(candidates=before.candidates, thumbnail_matches=found.thumbnail_matches)
    )
    assert [one.evidence for one in again.candidates] == [one.evidence for one in found.candidates]
    assert len(set(localiser.compared)) == len(localiser.compared)


@given(st.floats(0, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_exact_frame_never_makes_a_scene_less_probable(
    explained: float, fit: float, frames: float, frames_fit: float
) -> None:
    moment = Moment(1.2, 1.2, frames_fit, True, 9, 9, explained=frames)
    found = confirmed(matched(explained, fit), moment)
    assert found.explained == max(explained, frames)
    assert found.fit == max(fit, frames_fit)
    before = MatchEvidence(0.8, 0.1, True, True, AGREES, matched(explained, fit))
    after = MatchEvidence(0.8, 0.1, True, True, AGREES, found)
    assert MODEL.probability(after) >= MODEL.probability(before)
