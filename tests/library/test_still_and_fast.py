"""Unedited frames of a camera that stands still, and of one that moves fast, asked of the built-in weights.

The first agree with every scene of their video, the second with no still.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.decode import encode_still, read_frames
from cbvir_core.library import Library
from cbvir_core.types import Image, Verdict
from support.conversions import bring_builtin

STILL, FAST = "moviepy--chaplin.mp4", "android-demo-app--video3.mp4"


@pytest.fixture(scope="module")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of both clips."""
    paths = [shared / "videos" / name for name in (STILL, FAST)]
    if not all(path.exists() for path in paths):
        pytest.skip("../shared has not both clips")
    data = tmp_path_factory.mktemp("library")
    bring_builtin(data / "cache")
    with Library.open(data, profile="builtin") as opened:
        for path in paths:
            opened.add(path)
        yield opened


def frame_from(path: Path, time_s: float) -> tuple[float, Image]:
    """Return the first frame from `time_s` on, as it is decoded, and its time."""
    with read_frames(path, samples_per_s=None, mode="every") as frames:
        frame = next(frame for frame in frames if frame.time_s >= time_s - 0.001)
    return frame.time_s, frame.image


@pytest.mark.parametrize(
    ("name", "time_s"), [(STILL, 4.8), (STILL, 5.0), (STILL, 6.0), (FAST, 2.84), (FAST, 4.76)]
)
def test_the_frame_is_a_match_at_its_moment(library: Library, shared: Path, name: str, time_s: float) -> None:
    time_s, frame = frame_from(shared / "videos" / name, time_s)
    best = library.search(encode_still(frame, 90)).results[0]
    assert best.path.name == name
    assert best.verdict == Verdict.MATCH
    assert best.exact
    assert best.time_s == pytest.approx(time_s, abs=0.05)
