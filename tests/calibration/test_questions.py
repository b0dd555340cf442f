"""Questions whose answers are known: what they are made of, and what counts as right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from cbvir_core.calibration import PERTURBATIONS, CalibrationQuestions
from cbvir_core.calibration.questions import QUESTION_KINDS
from cbvir_core.library import Library
from cbvir_core.search import Candidate, MatchEvidence, Searcher, SearchOptions
from cbvir_core.search.findings import Scene
from cbvir_core.search.query import DescribedPicture
from cbvir_core.store import KeyframeRow
from cbvir_core.types import Image, VideoId
from support.films import Film
from support.libraries import LibraryOpener, store_of

EVIDENCE = MatchEvidence(0.5, 0.1, refined=False, checked=True)
COLLAGE = len(PERTURBATIONS)


@dataclass
class ScriptedSearcher(Searcher):
    """A searcher that names the scenes of a script, and remembers what it was asked."""

    library: Library
    named: KeyframeRow
    shown: float | None = 0.0
    asked: list[tuple[Image, SearchOptions]] = field(default_factory=list)
    described: list[Image] = field(default_factory=list)

    def best_candidate(self, picture: Image, options: SearchOptions | None = None) -> Candidate | None:
        assert options is not None
        self.asked.append((picture, options))
        video = self.library.video(self.named.keyframe_id.video)
        assert video is not None
        return Candidate(Scene(self.named, video, 0.5, "plain"), EVIDENCE, 0.5)

    def describe(self, picture: Image) -> DescribedPicture:
        self.described.append(picture)
        return DescribedPicture.begin(picture)

    def share_shown(
        self, described: DescribedPicture, candidate: Candidate, *, enough: float
    ) -> float | None:
        return self.shown


@pytest.fixture
def library(open_filled: LibraryOpener) -> Iterator[Library]:
    """Two films."""
    with open_filled(frames=False) as opened:
        yield opened


def scenes_of(library: Library) -> list[KeyframeRow]:
    return [scene for video in library.videos() for scene in library.keyframes(video.video_id)]


def far_from(library: Library, scene: KeyframeRow) -> KeyframeRow:
    """A scene of another film."""
    return next(one for one in scenes_of(library) if one.keyframe_id.video != scene.keyframe_id.video)


def test_the_scene_itself_is_right_and_its_video_is_left_out_once(library: Library) -> None:
    scene = scenes_of(library)[0]
    searcher = ScriptedSearcher(library, scene)
    answers = CalibrationQuestions(store_of(library), searcher, 1).about(scene.row, 0)
    assert [options.without for _, options in searcher.asked] == [
        frozenset(),
        frozenset({scene.keyframe_id.video}),
    ]
    assert {(one.right, one.absent, one.question) for one in answers} == {(True, False, 0), (True, True, 0)}


@pytest.mark.parametrize(("shown", "labels"), [(0.2, {False}), (0.99, set()), (None, set())])
def test_another_scene_is_wrong_unless_it_shows_all_of_the_frame(
    library: Library, shown: float | None, labels: set[bool]
) -> None:
    scene = scenes_of(library)[0]
    searcher = ScriptedSearcher(library, far_from(library, scene), shown)
    answers = CalibrationQuestions(store_of(library), searcher, 1).about(scene.row, 0)
    assert {one.right for one in answers} == labels


def test_frames_come_from_anywhere_in_the_scene_and_from_no_other(library: Library) -> None:
    scene = max(scenes_of(library), key=lambda one: one.scene_end_s - one.scene_start_s)
    searcher = ScriptedSearcher(library, scene)
    asker = CalibrationQuestions(store_of(library), searcher, 2)
    for number in range(8):
        asker.about(scene.row, number * QUESTION_KINDS)
    frames = [picture for picture, _ in searcher.asked[::2]]
    differing = [float(np.abs(frame.astype(float) - frames[0]).mean()) for frame in frames[1:]]
    assert sum(difference > 1.0 for difference in differing) >= 4
    again = ScriptedSearcher(library, scene)
    CalibrationQuestions(store_of(library), again, 2).about(scene.row, 0)
    np.testing.assert_array_equal(again.asked[0][0], frames[0])


def test_a_collage_shows_two_scenes_and_either_is_right(library: Library) -> None:
    scene = scenes_of(library)[0]
    named: dict[VideoId, bool] = {}
    for one in (scene, far_from(library, scene)):
        searcher = ScriptedSearcher(library, one)
        asker = CalibrationQuestions(store_of(library), searcher, 3)
        asker.__dict__["rows"] = [far_from(library, scene).row]
        answers = asker.about(scene.row, COLLAGE)
        named[one.keyframe_id.video] = all(answer.right for answer in answers)
        (picture, _), (_, absent) = searcher.asked
        assert len(searcher.described) == 2
        areas = [frame.shape[0] * frame.shape[1] for frame in searcher.described]
        assert picture.shape[0] * picture.shape[1] > max(areas)
        assert absent.without == {video.video_id for video in library.videos()}
    assert list(named.values()) == [True, True]


def test_offline_the_still_is_asked_with(
    films: list[Film], open_library: LibraryOpener, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("offline") / "film.mp4"
    path.write_bytes(films[0].path.read_bytes())
    with open_library(frames=False) as library:
        library.add(path)
        path.unlink()
        scene = scenes_of(library)[0]
        searcher = ScriptedSearcher(library, scene)
        answers = CalibrationQuestions(store_of(library), searcher, 1).about(scene.row, 0)
    assert len(answers) == 4
    assert searcher.asked[0][0].shape == (180, 320, 3)


def test_what_was_forgotten_is_not_asked_about(library: Library) -> None:
    scene = scenes_of(library)[0]
    searcher = ScriptedSearcher(library, far_from(library, scene))
    library.remove(scene.keyframe_id.video)
    assert CalibrationQuestions(store_of(library), searcher, 1).about(scene.row, 0) == []
    assert searcher.asked == []


def test_a_real_searcher_finds_most_of_one_round(films: list[Film], open_library: LibraryOpener) -> None:
    from support.libraries import active_generation

    with open_library(frames=False) as library:
        library.add(films[0].path)
        asker = CalibrationQuestions(store_of(library), active_generation(library).searcher, 1)
        answers = [
            one for number in range(QUESTION_KINDS) for one in asker.about(asker.rows[number % 3], number)
        ]
    full = {answer.question: answer for answer in reversed(answers)}
    assert sum(answer.right for answer in full.values()) >= QUESTION_KINDS // 2
