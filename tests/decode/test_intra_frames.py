"""Intra frames come from all over the file; where there are fewer, fewer come and no error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.decode.intra_frames import sample_intra_frames
from cbvir_core.errors import NotAVideo


def test_pictures_are_those_of_the_reader(shared: Path) -> None:
    path = shared / "videos" / "sample-videos--one-by-one-person-detection.mp4"
    seen = list(sample_intra_frames(path, 6, max_side=256))
    assert len(seen) == 6
    with read_frames(path, samples_per_s=None, mode="keyframes", max_side=256) as reader:
        frames = [frame.image for frame in reader]
    places = [next(i for i, frame in enumerate(frames) if np.array_equal(frame, image)) for image in seen]
    assert places == sorted(set(places))
    assert places[-1] > len(frames) * 2 // 3


@pytest.mark.parametrize(
    "name",
    ["moviepy--no_duration.webm", "decord--corrupted.mp4", "mmaction2--test.avi", "perception--v1.m4v"],
)
def test_odd_files_give_what_they_have(shared: Path, name: str) -> None:
    seen = list(sample_intra_frames(shared / "videos" / name, 8, max_side=128))
    assert 1 <= len(seen) <= 8
    assert all(max(image.shape) == 128 for image in seen)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video at all" * 100)
    with pytest.raises(NotAVideo):
        list(sample_intra_frames(path))
