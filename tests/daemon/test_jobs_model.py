from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cbvir_core.errors import DecodeCrashed, NotAVideo
from cbvird.ingest.job_rows import JobState
from cbvird.ingest.jobs import RETRY_DELAYS_S, Jobs


class JobsMachine(RuleBasedStateMachine):
    """Against a model: no file is lost or worked on twice at once, and the disk says what memory says."""

    @initialize(number=st.integers(0, 2**62))
    def begin(self, number: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="jobs")
        self.jobs = Jobs.open(Path(self.folder.name))
        self.now = 0.0
        self.model: dict[Path, tuple[int, str]] = {}

    paths = st.sampled_from([Path(f"/v/{name}.mp4") for name in "abcd"])

    @rule(path=paths, size=st.integers(1, 3))
    def offer(self, path: Path, size: int) -> None:
        known = self.model.get(path)
        job = self.jobs.offer(path, size, 0, self.now)
        if known is None or (known[0] != size and known[1] != "working"):
            assert job.state is JobState.WAITING
            assert job.tries == 0
        else:
            assert str(job.state) == known[1]
        self.model[path] = (size, str(job.state))

    @rule()
    def next(self) -> None:
        job = self.jobs.next(self.now)
        waiting = [path for path, (_, state) in self.model.items() if state == "waiting"]
        if job is None:
            assert not waiting
            return
        assert self.model[job.path][1] in ("waiting", "failed")
        if waiting:
            assert job.path in waiting
        self.model[job.path] = (job.size, "working")

    @rule(path=paths, kind=st.sampled_from(["done", "retry", "final", "release"]))
    def end(self, path: Path, kind: str) -> None:
        if self.model.get(path, (0, ""))[1] != "working":
            return
        if kind == "done":
            job = self.jobs.done(path)
        elif kind == "release":
            job = self.jobs.release(path)
        else:
            job = self.jobs.failed(path, DecodeCrashed("") if kind == "retry" else NotAVideo(""), self.now)
        assert job is not None
        assert job.state is not JobState.WORKING
        self.model[path] = (job.size, str(job.state))

    @rule(path=paths)
    def forget(self, path: Path) -> None:
        self.jobs.forget(path)
        self.model.pop(path, None)

    @rule(source=paths, goal=paths)
    def move(self, source: Path, goal: Path) -> None:
        busy = source != goal and self.model.get(goal, (0, ""))[1] == "working"
        job = self.jobs.moved(source, goal, self.now)
        if job is not None:
            assert job.again or not busy, "what is worked on is another file than the one of its name"
            del self.model[source]
            self.model[goal] = (job.size, str(job.state))

    @rule(wait=st.integers(1, 100_000))
    def wait(self, wait: int) -> None:
        self.now += wait

    @rule()
    def crash(self) -> None:
        """What is on disk is what was known: the next opening sees the same rows."""
        before = self.jobs.all()
        self.jobs.close()
        self.jobs = Jobs.open(Path(self.folder.name))
        assert self.jobs.all() == before
        self.jobs.recover(self.now)
        self.model = {job.path: (job.size, str(job.state)) for job in self.jobs.all()}
        assert self.jobs.counts()[JobState.WORKING] == 0

    @invariant()
    def the_same_files_in_the_same_states(self) -> None:
        if hasattr(self, "jobs"):
            assert {job.path: (job.size, str(job.state)) for job in self.jobs.all()} == self.model
            assert self.jobs.unsaved == 0
            assert all(job.tries <= len(RETRY_DELAYS_S) + 1 for job in self.jobs.all())

    def teardown(self) -> None:
        if hasattr(self, "jobs"):
            self.jobs.close()
            self.folder.cleanup()


JobsMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestJobsMachine = JobsMachine.TestCase
