from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lmdb
import pytest

from cbvir_core.errors import DecodeCrashed, StoreDamaged, StoreVersion
from cbvird.ingest.job_rows import JOB_SCHEMA, JobState
from cbvird.ingest.jobs import CRASH_RETRIES, RETRY_DELAYS_S, Jobs

FILM = Path("/media/film.mp4")
OTHER = Path("/media/other.mp4")


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    strange = Path(os.fsdecode(b'/media/caf\xe9 \n "x".mp4'))
    deep = Path("/media/" + "/".join(["folder" * 20] * 30) + "/film.mp4")
    with Jobs.open(tmp_path) as jobs:
        for path in (FILM, strange, deep):
            jobs.offer(path, 3, 4, now=1.5)
        jobs.next(2.0)
        jobs.failed(FILM, DecodeCrashed("it died"), now=2.0)
        before = jobs.all()
    with Jobs.open(tmp_path) as jobs:
        assert jobs.all() == before
        assert {job.path for job in before} == {FILM, strange, deep}


def test_recovery_goes_on_at_once_but_not_for_ever(tmp_path: Path) -> None:
    """The service dies with the file again and again: it must not take the service with it for ever."""
    with Jobs.open(tmp_path) as jobs:
        jobs.offer(FILM, 100, 1, now=0.0)
    now, waits = 0.0, []
    for _ in range(100):
        with Jobs.open(tmp_path) as jobs:
            for job in jobs.recover(now):
                if job.state is JobState.FAILED and job.retry_at is not None:
                    waits.append(job.retry_at - now)
                    now = job.retry_at
            if jobs.next(now) is None:
                break
    assert waits == list(RETRY_DELAYS_S[CRASH_RETRIES:])
    with Jobs.open(tmp_path) as jobs:
        final = jobs.get(FILM)
        assert final is not None
        assert (final.state, final.code, final.retry_at) == (JobState.FAILED, "decode_crashed", None)


KILLED = """
import sys
from pathlib import Path
from cbvird.ingest.jobs import Jobs
jobs = Jobs.open(Path(sys.argv[1]))
for number in range(10**6):
    path = Path(f"/media/{number}.mp4")
    jobs.offer(path, number, number, now=float(number))
    if number % 3 == 0:
        assert jobs.next(0.0).path
    print(number, flush=True)
"""


def test_what_was_said_to_be_kept_survives_kill_9(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    said = 0
    for line in process.stdout:
        said = int(line)
        if said >= 200:
            os.kill(process.pid, signal.SIGKILL)
            break
    said = max([said, *(int(line) for line in process.stdout if line.endswith(b"\n"))])
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    with Jobs.open(tmp_path) as jobs:
        numbers = sorted(job.size for job in jobs.all())
        assert numbers[: said + 1] == list(range(said + 1))
        working = [job for job in jobs.all() if job.state is JobState.WORKING]
        assert len(working) >= said // 3
        assert jobs.recover(0.0) == [replace(job, state=JobState.WAITING) for job in working]


def fill_with_little_room(folder: str) -> None:
    """In a process of its own: files may not grow beyond 64 kB, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
    with Jobs.open(Path(folder)) as jobs:
        for number in range(600):
            jobs.offer(Path(f"/media/{number}.mp4"), 1, 1, now=float(number))
        assert jobs.unsaved > 0
        assert len(jobs.all()) == 600
        assert jobs.next(0.0) is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        jobs.offer(Path("/media/last.mp4"), 1, 1, now=1000.0)
        assert jobs.unsaved == 0


def test_a_full_disk_loses_nothing_and_is_caught_up_with(tmp_path: Path) -> None:
    source = Path(__file__).read_text()
    body = source[source.index("def fill_with") : source.index("def test_a_full_disk_loses")]
    program = "import resource, sys\nfrom pathlib import Path\nfrom cbvird.ingest.jobs import Jobs\n" + body
    subprocess.run(
        [sys.executable, "-c", program + "\nfill_with_little_room(sys.argv[1])", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    with Jobs.open(tmp_path) as jobs:
        assert len(jobs.all()) == 601
        assert jobs.counts()[JobState.WORKING] == 1


def test_the_map_grows_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cbvird.ingest.job_rows.INITIAL_JOB_MAP_BYTES", 64 * 1024)
    with Jobs.open(tmp_path) as jobs:
        for number in range(400):
            jobs.offer(Path(f"/media/{number:0200}.mp4"), 1, 1, now=0.0)
        assert jobs.unsaved == 0
    with Jobs.open(tmp_path) as jobs:
        assert len(jobs.all()) == 400


def test_a_damaged_or_foreign_folder_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"x" * 10000)
    with pytest.raises(StoreDamaged, match="bad"):
        Jobs.open(tmp_path / "bad")
    with Jobs.open(tmp_path / "new"):
        pass
    with lmdb.open(str(tmp_path / "new")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"schema", JOB_SCHEMA + b"0")
    with pytest.raises(StoreVersion, match="another release"):
        Jobs.open(tmp_path / "new")


def test_a_row_that_cannot_be_read_costs_that_row_only(tmp_path: Path) -> None:
    with Jobs.open(tmp_path) as jobs:
        jobs.offer(FILM, 1, 1, now=0.0)
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"job:0", b"{}")
        transaction.put(b"job:1", b"no JSON")
    with Jobs.open(tmp_path) as jobs:
        assert [job.path for job in jobs.all()] == [FILM]


@pytest.mark.parametrize("size", [8192, 9000, 12288])
def test_rows_that_were_cut_short_are_an_error_and_no_end_of_the_process(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "jobs"
    with Jobs.open(folder) as jobs:
        for number in range(400):
            jobs.offer(Path(f"/films/{number}.mp4"), 1, number, 0.0)
    os.truncate(folder / "data.mdb", size)
    script = (
        "import sys; from pathlib import Path; from cbvird.ingest.jobs import Jobs\n"
        "from cbvir_core.errors import StoreDamaged\n"
        "try:\n    Jobs.open(Path(sys.argv[1]))\nexcept StoreDamaged as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "move the folder away" in done.stdout) == (0, True), done.stderr
