from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.errors import DecodeCrashed, DiskFull, NotAVideo, UnknownVideo
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import RETRY_DELAYS_S, Jobs

FILM = Path("/media/film.mp4")
OTHER = Path("/media/other.mp4")


@pytest.fixture
def jobs(tmp_path: Path) -> Any:
    with Jobs.open(tmp_path / "jobs") as jobs:
        yield jobs


def crash_until_final(jobs: Jobs) -> list[float]:
    """The waits between the tries of a file whose decoder always crashes."""
    now, waits = 0.0, []
    while (job := jobs.next(now)) is not None:
        failed = jobs.failed(job.path, DecodeCrashed("it died"), now)
        assert failed is not None
        if failed.retry_at is None:
            break
        waits.append(failed.retry_at - now)
        assert jobs.next(failed.retry_at - 0.001) is None
        now = failed.retry_at
    return waits


def test_a_file_goes_from_waiting_over_working_to_done(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=5.0)
    assert jobs.counts() == {JobState.WAITING: 1, JobState.WORKING: 0, JobState.DONE: 0, JobState.FAILED: 0}
    job = jobs.next(5.0)
    assert job is not None
    assert (job.path, job.state, job.tries) == (FILM, JobState.WORKING, 1)
    assert jobs.next(5.0) is None
    done = jobs.done(FILM, VideoId("5f3a"))
    assert done is not None
    assert (done.state, done.video_id) == (JobState.DONE, "5f3a")
    assert jobs.next(9.0) is None


def test_offering_the_same_file_again_changes_nothing_and_a_changed_one_starts_over(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.done(FILM, VideoId("5f3a"))
    assert jobs.known(FILM, 100, 1)
    assert jobs.offer(FILM, 100, 1, now=9.0).state is JobState.DONE
    assert not jobs.known(FILM, 101, 1)
    assert jobs.offer(FILM, 101, 1, now=9.0).state is JobState.WAITING


def test_files_are_worked_on_in_the_order_they_came_and_fresh_ones_before_failed_ones(jobs: Jobs) -> None:
    for second, name in enumerate(["c", "a", "b"]):
        jobs.offer(Path(f"/{name}.mp4"), 1, 1, now=float(second))
    first = jobs.next(3.0)
    assert first is not None
    jobs.failed(first.path, DecodeCrashed(""), now=3.0)
    order = [job.path.stem for _ in range(3) if (job := jobs.next(1000.0))]
    assert order == ["a", "b", "c"]


def test_a_crash_is_tried_again_with_growing_delays_and_then_no_more(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    assert crash_until_final(jobs) == list(RETRY_DELAYS_S)
    assert jobs.next(1e12) is None
    job = jobs.get(FILM)
    assert job is not None
    assert (job.state, job.code, job.message, job.tries) == (JobState.FAILED, "decode_crashed", "it died", 6)
    assert jobs.offer(FILM, 100, 1, now=1e6).state is JobState.FAILED
    assert jobs.offer(FILM, 100, 2, now=1e6) == replace(
        job, mtime_ns=2, state=JobState.WAITING, code="", message="", tries=0, retry_at=None, offered_at=1e6
    )


def test_what_is_no_video_is_not_tried_again_until_it_changes(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    failed = jobs.failed(FILM, NotAVideo("text"), now=0.0)
    assert failed is not None
    assert (failed.code, failed.retry_at) == ("not_a_video", None)
    assert jobs.next(1e12) is None


def test_a_full_disk_is_not_the_files_fault_and_is_tried_for_ever(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    now = 0.0
    for _ in range(20):
        assert jobs.next(now) is not None
        failed = jobs.failed(FILM, DiskFull("no room"), now)
        assert failed is not None
        assert failed.retry_at is not None
        assert failed.retry_at - now <= RETRY_DELAYS_S[-1]
        now = failed.retry_at


def test_an_unforeseen_error_is_named_and_tried_again(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    failed = jobs.failed(FILM, ZeroDivisionError("division by zero"), now=0.0)
    assert failed is not None
    assert (failed.code, failed.message) == ("internal", "ZeroDivisionError: division by zero")
    assert failed.retry_at == RETRY_DELAYS_S[0]


def test_retry_takes_up_one_or_all_failed_files_at_once(jobs: Jobs) -> None:
    for path in (FILM, OTHER):
        jobs.offer(path, 1, 1, now=0.0)
        jobs.next(0.0)
        jobs.failed(path, NotAVideo(""), now=0.0)
    assert jobs.retry(Path("/media/unknown.mp4")) == 0
    assert jobs.retry(FILM) == 1
    job = jobs.next(0.0)
    assert job is not None
    assert (job.path, job.tries) == (FILM, 1)
    assert jobs.retry() == 1


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_a_file_that_changes_while_it_is_worked_on_is_worked_on_again(jobs: Jobs, outcome: str) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.offer(FILM, 200, 2, now=1.0)
    assert jobs.next(1.0) is None
    if outcome == "done":
        jobs.done(FILM, VideoId("old"))
    else:
        jobs.failed(FILM, NotAVideo("half of it"), now=1.0)
    job = jobs.next(1.0)
    assert job is not None
    assert (job.size, job.tries, job.again, job.video_id) == (200, 1, False, None)


def test_a_clock_that_ran_years_ahead_puts_no_retry_off(tmp_path: Path) -> None:
    ahead, right = 10 * 365 * 86_400.0, 100.0
    with Jobs.open(tmp_path / "jobs") as jobs:
        jobs.offer(FILM, 100, 1, now=ahead)
        jobs.offer(OTHER, 100, 1, now=ahead)
        assert jobs.next(ahead) is not None
        failed = jobs.failed(FILM, DiskFull("no room"), ahead)
        assert failed is not None
        assert failed.retry_at == ahead + RETRY_DELAYS_S[0]
    with Jobs.open(tmp_path / "jobs") as jobs:
        found = [jobs.next(right), jobs.next(right)]
        assert [job and job.path for job in found] == [OTHER, FILM]
        assert jobs.next(right) is None
        again = jobs.failed(FILM, DiskFull("no room"), right)
        assert again is not None
        assert again.retry_at == right + RETRY_DELAYS_S[1]
        assert jobs.next(right + RETRY_DELAYS_S[1] - 0.001) is None


def test_stopping_gives_the_file_back_without_counting_the_try(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    for _ in range(10):
        jobs.next(0.0)
        released = jobs.release(FILM)
        assert released is not None
        assert (released.state, released.tries) == (JobState.WAITING, 0)


def test_a_file_that_went_away_meanwhile_has_no_outcome(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.forget(FILM)
    assert jobs.done(FILM) is None
    assert jobs.failed(FILM, NotAVideo(""), now=0.0) is None
    assert jobs.release(FILM) is None
    assert jobs.all() == []


def test_a_moved_file_keeps_what_is_known_of_it(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.done(FILM, VideoId("5f3a"))
    jobs.moved(FILM, OTHER, now=1.0)
    assert jobs.get(FILM) is None
    assert jobs.known(OTHER, 100, 1)
    assert jobs.moved(FILM, OTHER, now=1.0) is None


def test_a_file_moved_while_it_is_worked_on_starts_over(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.moved(FILM, OTHER, now=1.0)
    assert jobs.done(FILM) is None
    job = jobs.next(1.0)
    assert job is not None
    assert (job.path, job.tries) == (OTHER, 1)


@pytest.mark.parametrize("outcome", ["done", "failed", "release"])
def test_a_file_moved_over_one_that_is_worked_on_is_taken_up_afterwards(jobs: Jobs, outcome: str) -> None:
    """What comes of the work on the file that was there before says nothing about it."""
    jobs.offer(FILM, 100, 1, now=0.0)
    jobs.next(0.0)
    jobs.offer(OTHER, 200, 2, now=0.0)
    moved = jobs.moved(OTHER, FILM, now=1.0)
    assert moved is not None
    assert moved.state is JobState.WORKING
    assert jobs.next(1.0) is None, "one of a name is worked on at a time"
    if outcome == "done":
        jobs.done(FILM, VideoId("5f3a"))
    elif outcome == "failed":
        jobs.failed(FILM, UnknownVideo("overwritten"), now=2.0)
    else:
        jobs.release(FILM)
    job = jobs.next(3.0)
    assert job is not None
    assert (job.path, job.size, job.tries) == (FILM, 200, 1)
    assert jobs.get(OTHER) is None


def test_recovery_leaves_other_files_alone(jobs: Jobs) -> None:
    jobs.offer(FILM, 1, 1, now=0.0)
    jobs.offer(OTHER, 1, 1, now=1.0)
    jobs.next(1.0)
    assert [job.path for job in jobs.recover(2.0)] == [FILM]
    assert jobs.counts()[JobState.WAITING] == 2


# --- files that grow ---


def growing_job(jobs: Jobs, path: Path = FILM) -> None:
    """A file that is being read while it grows."""
    assert jobs.offer_growing(path, 0.0)
    assert jobs.next(0.0, growing=True) is not None


def test_a_growing_file_is_for_those_who_read_it_as_it_grows(jobs: Jobs) -> None:
    assert jobs.offer_growing(FILM, 0.0)
    assert not jobs.offer_growing(FILM, 1.0)
    jobs.offer(OTHER, 1, 1, 2.0)
    job = jobs.next(3.0, growing=True)
    assert job is not None
    assert (job.path, job.growing) == (FILM, True)
    assert jobs.next(3.0, growing=True) is None
    other = jobs.next(3.0)
    assert other is not None
    assert other.path == OTHER


def test_a_file_that_is_read_while_it_grows_is_not_offered_again(jobs: Jobs) -> None:
    growing_job(jobs)
    assert jobs.is_followed(FILM)
    assert not jobs.known(FILM, 0, 0)
    job = jobs.offer(FILM, 100, 1, 1.0)
    assert (job.state, job.growing, job.again) == (JobState.WORKING, True, False)


def test_at_its_end_it_is_a_file_like_any_other(jobs: Jobs) -> None:
    growing_job(jobs)
    jobs.stopped_growing(FILM, 100, 1)
    assert not jobs.is_followed(FILM)
    done = jobs.done(FILM, VideoId("5f3a"))
    assert done is not None
    assert (done.state, done.growing) == (JobState.DONE, False)
    assert jobs.known(FILM, 100, 1)
    jobs.stopped_growing(FILM, 200, 2)
    assert jobs.known(FILM, 100, 1), "only a growing file stops growing"


@pytest.mark.parametrize("failed", [False, True])
def test_one_that_rests_before_its_turn_is_taken_in_as_others_are(jobs: Jobs, failed: bool) -> None:
    jobs.offer_growing(FILM, 0.0)
    if failed:
        jobs.next(0.0, growing=True)
        jobs.failed(FILM, DecodeCrashed("it died"), 0.0)
    job = jobs.offer(FILM, 100, 1, 1.0)
    assert (job.state, job.growing, job.tries) == (JobState.WAITING, False, 0)
    assert jobs.next(1.0, growing=True) is None
    assert jobs.next(1.0) is not None


def test_a_file_that_grows_while_it_is_read_as_a_finished_one_is_followed_afterwards(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, 0.0)
    jobs.next(0.0)
    assert jobs.offer_growing(FILM, 1.0)
    jobs.failed(FILM, DecodeCrashed("it changed"), 2.0)
    assert jobs.next(2.0) is None
    job = jobs.next(2.0, growing=True)
    assert job is not None
    assert job.path == FILM


def test_one_that_was_done_and_grows_on_is_followed(jobs: Jobs) -> None:
    jobs.offer(FILM, 100, 1, 0.0)
    jobs.next(0.0)
    jobs.done(FILM, VideoId("5f3a"))
    assert jobs.offer_growing(FILM, 1.0)
    assert jobs.next(1.0) is None
    assert jobs.next(1.0, growing=True) is not None


def test_a_growing_file_that_is_renamed_or_that_the_service_died_over_is_followed_anew(
    tmp_path: Path,
) -> None:
    with Jobs.open(tmp_path / "jobs") as jobs:
        growing_job(jobs)
        moved = jobs.moved(FILM, OTHER, 1.0)
        assert moved is not None
        assert (moved.state, moved.growing) == (JobState.WAITING, True)
        assert jobs.next(1.0, growing=True) is not None
    with Jobs.open(tmp_path / "jobs") as jobs:
        (recovered,) = jobs.recover(2.0)
        assert (recovered.path, recovered.state, recovered.growing) == (OTHER, JobState.WAITING, True)
        assert jobs.next(2.0, growing=True) is not None
