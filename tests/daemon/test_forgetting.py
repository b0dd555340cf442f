"""Forgetting on request: kept whole through kills, a full disk, and files that come and go meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from cbvir_core import Library
from cbvir_core.errors import DiskFull
from cbvir_core.types import VideoId, VideoInfo
from cbvird.ingest.forgetting import finish_forgetting, forget_video
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import Jobs
from support.films import Film
from support.services import Service

ROOT = Path("/films")
FILM, OTHER = VideoId(f"{1:032x}"), VideoId(f"{2:032x}")
NAMES = {"film": FILM, "copy": FILM, "other": OTHER}

FORGETS = """
import os, signal, sys
from pathlib import Path
from cbvir_core import Library
from cbvird.ingest.forgetting import forget_video
from cbvird.ingest.jobs import Jobs

folder, when, video_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with (
    Library.open(folder / "data", profile="builtin", frames=False) as library,
    Jobs.open(folder / "jobs") as jobs,
):
    remove = library.remove
    def killed(video):
        if when == "after":
            remove(video)
        os.kill(os.getpid(), signal.SIGKILL)
    library.remove = killed
    forget_video(library, jobs, video_id, [job for job in jobs.all() if job.video_id == video_id])
"""


def open_library(folder: Path) -> Library:
    return Library.open(folder / "data", profile="builtin", frames=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, one of them at two paths, and the jobs of their files."""
    with open_library(tmp_path) as library, Jobs.open(tmp_path / "jobs") as jobs:
        for name, video_id in NAMES.items():
            fields = (1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 25.0)
            library.begin(VideoInfo(ROOT / name, video_id, *fields))
            library.finish(video_id, damaged=0, duration_s=1.0)
            jobs.offer(ROOT / name, 1, 1, 0.0)
            jobs.next(0.0)
            jobs.done(ROOT / name, video_id)
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with open_library(folder) as library:
        yield library


@pytest.fixture
def jobs(folder: Path) -> Iterator[Jobs]:
    with Jobs.open(folder / "jobs") as jobs:
        yield jobs


def states(jobs: Jobs) -> dict[str, tuple[str, str]]:
    return {job.path.name: (job.state.value, job.code) for job in jobs.all()}


FORGOTTEN = {"film": ("failed", "forgotten"), "copy": ("failed", "forgotten"), "other": ("done", "")}


@pytest.mark.parametrize("when", ["between", "after"])
def test_a_kill_between_note_and_removal_brings_nothing_back(folder: Path, when: str) -> None:
    killed = subprocess.run([sys.executable, "-c", FORGETS, str(folder), when, FILM], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_library(folder) as library, Jobs.open(folder / "jobs") as jobs:
        assert (library.video(FILM) is None) == (when == "after")
        assert states(jobs) == FORGOTTEN
        finish_forgetting(library, jobs)
        assert library.video(FILM) is None
        assert library.video(OTHER) is not None
        assert states(jobs) == FORGOTTEN


def test_a_note_of_one_path_is_enough(library: Library, jobs: Jobs) -> None:
    """The service died between two transactions that write notes: each holds 64 rows."""
    noted = jobs.get(ROOT / "copy")
    assert noted is not None
    jobs.note_forgotten([noted], FILM)
    finish_forgetting(library, jobs)
    assert library.video(FILM) is None
    assert states(jobs) == FORGOTTEN


def test_a_copy_that_came_later_stays(library: Library, jobs: Jobs) -> None:
    forget_video(library, jobs, FILM, [job for job in jobs.all() if job.video_id == FILM])
    fields = (1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 25.0)
    library.begin(VideoInfo(ROOT / "later", FILM, *fields))
    finish_forgetting(library, jobs)
    assert library.video(FILM) is not None


def test_other_content_at_a_forgotten_path_stays(library: Library, jobs: Jobs) -> None:
    """The service died between moving the path of `other` in the store and its row in the jobs."""
    forget_video(library, jobs, FILM, [job for job in jobs.all() if job.video_id == FILM])
    library.move_path(ROOT / "other", ROOT / "film")
    finish_forgetting(library, jobs)
    assert library.video(OTHER) is not None


def test_a_video_that_cannot_be_removed_is_not_forgotten(
    library: Library, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(video: object) -> None:
        raise DiskFull("no room")

    before = jobs.all()
    monkeypatch.setattr(library, "remove", full)
    with pytest.raises(DiskFull):
        forget_video(library, jobs, FILM, [job for job in before if job.video_id == FILM])
    assert jobs.all() == before
    jobs.note_forgotten([job for job in before if job.video_id == FILM], FILM)
    finish_forgetting(library, jobs)  # the start goes on
    assert library.video(FILM) is not None


def test_the_service_ends_what_it_was_killed_in(
    make_service: Callable[..., Service], films: list[Film]
) -> None:
    service = make_service()
    path, other = service.drop(films[0].path), service.drop(films[1].path)
    service.until_state(path, "indexed")
    service.until_state(other, "indexed")
    service.stop(signal.SIGKILL)
    with Jobs.open(service.data / "jobs") as jobs:
        job = jobs.get(path)
        assert job is not None
        assert job.state is JobState.DONE
        jobs.note_forgotten([job], job.video_id)
    service.start()
    assert service.state(path) is None
    service.post("/v1/rescan")
    service.until(lambda: not service.get("/v1/status")["scanning"], "the scan is over")
    assert (service.state(path), service.state(other)) == (None, "indexed")
    assert service.post("/v1/retry", video=str(path))["count"] == 1
    service.until_state(path, "indexed")
