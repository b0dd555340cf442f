"""Table II on drawn films and on a real clip."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbvir_core.errors import InputError, NotAVideo
from cbvir_core.evaluate import evaluate_keyframes
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import extract_keyframes, keyframe_score
from support.films import Film

Shots = dict[Path, list[AnnotatedSpan]]


@pytest.fixture
def shots(films: list[Film]) -> Shots:
    return {
        film.path: [AnnotatedSpan(film.path, shot.start_s, shot.end_s) for shot in film.shots]
        for film in films
    }


def test_the_table_adds_up_the_videos(films: list[Film], shots: Shots, clock: EvaluationClock) -> None:
    (result,) = evaluate_keyframes(films[0].path.parent, shots, forms=("online",), clock=clock)
    each = [
        keyframe_score(extract_keyframes(film.path), [(shot.start_s, shot.end_s) for shot in film.shots])
        for film in films
    ]
    total = each[0] + each[1]
    assert (result.accuracy, result.redundancy) == (total.accuracy, total.redundancy)
    assert (result.videos, result.shots, result.keyframes) == (2, 10, total.keyframes)
    assert total.accuracy is not None
    assert total.accuracy >= 0.8
    length = sum(film.duration_s for film in films)
    assert result.video_s == pytest.approx(length, abs=0.2)
    assert result.efficiency == pytest.approx(result.video_s / 2)  # the clock ticks once a video


def test_without_true_shots_the_folder_is_timed(films: list[Film], clock: EvaluationClock) -> None:
    notes: list[str] = []
    online, batch = evaluate_keyframes(films[0].path.parent, clock=clock, notify=notes.append)
    assert (online.method, batch.method) == ("online", "batch")
    assert online.accuracy is online.redundancy is batch.accuracy is None
    assert online.efficiency == batch.efficiency == pytest.approx(online.video_s / 2)
    assert len(notes) == 4


def test_what_is_no_video_is_passed_over_unless_it_has_shots(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").symlink_to(shared / "videos" / "perception--rgb.m4v")
    (tmp_path / "notes.txt").write_text("not a video")
    notes: list[str] = []
    (result,) = evaluate_keyframes(tmp_path, forms=("online",), notify=notes.append)
    assert result.videos == 1
    assert any("notes.txt" in note for note in notes)
    bad = tmp_path / "notes.txt"
    with pytest.raises(NotAVideo):
        evaluate_keyframes(tmp_path, {bad: [AnnotatedSpan(bad, 0, 1)]})
    (tmp_path / "clip.mp4").unlink()
    with pytest.raises(InputError, match="no video"):
        evaluate_keyframes(tmp_path)
