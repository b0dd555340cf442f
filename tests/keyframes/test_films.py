"""Drawn films have the cuts that they list, and their I-frames do not give the cuts away."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from cbvir_core.decode import probe, read_frames
from support.films import Film, draw_film, loop_film


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return draw_film(tmp_path_factory.mktemp("film") / "a.mp4", seed=5, shots=8, size=(320, 180), gop=50)


def test_shots_follow_one_another_to_the_end(film: Film) -> None:
    assert film.shots[0].start_s == 0
    for one, other in pairwise(film.shots):
        assert one.end_s == other.start_s
        assert 1.5 <= one.end_s - one.start_s <= 8
    assert probe(film.path).duration_s == pytest.approx(film.duration_s, abs=0.05)


def test_the_picture_changes_at_every_hard_cut(film: Film) -> None:
    with read_frames(film.path, samples_per_s=None, mode="every") as frames:
        pictures = [(frame.time_s, frame.image.astype(np.int16)) for frame in frames]
    times = np.array([time for time, _ in pictures])
    for shot in film.shots[1:]:
        if shot.transition == "cut":
            after = int(np.searchsorted(times, shot.start_s - 1e-6))
            step = np.abs(pictures[after][1] - pictures[after - 1][1]).mean()
            before = np.abs(pictures[after - 1][1] - pictures[after - 2][1]).mean()
            assert step > 4 * before


def test_key_frames_come_at_a_fixed_distance(film: Film) -> None:
    with av.open(str(film.path)) as container:
        at = [number for number, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    assert at == list(range(0, at[-1] + 1, 50))


def test_the_seed_decides(film: Film, tmp_path: Path) -> None:
    def digest(seed: int) -> str:
        path = draw_film(tmp_path / f"{seed}.mp4", seed=seed, shots=2, size=(160, 90)).path
        with read_frames(path) as frames:
            return hashlib.sha256(b"".join(frame.image.tobytes() for frame in frames)).hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_a_looped_film_is_long_and_readable(film: Film, tmp_path: Path) -> None:
    long = loop_film(film, tmp_path / "long.mp4", duration_s=10 * film.duration_s)
    assert len(long.shots) == 80
    assert probe(long.path).duration_s == pytest.approx(10 * film.duration_s, rel=0.01)
    with read_frames(long.path, mode="keyframes") as frames:
        times = [frame.time_s for frame in frames]
        assert frames.damaged == 0
    assert times == sorted(times)
    assert times[-1] > 9.5 * film.duration_s
