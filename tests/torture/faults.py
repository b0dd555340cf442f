"""Faults other than a kill: writes that fail, no room, a clock that jumps, workers that die or hang.

While a fault lasts, films are taken in and a question is asked, which has its answer or its refusal in time.
Once it is over, the library completes itself and is what an undisturbed one is.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx

from support.services import Service, _name, _parents, jpeg
from torture.kills import forget
from torture.plan import Plan
from torture.tally import Outcome, Tally
from torture.trial import Told, Trial, complete_and_compare
from torture.tried import DECODE_TIMEOUT_S, Subject, Tried, told_of

ANSWER_LIMIT_S = 90.0
"""Seconds in which a question has an answer or a refusal; a picture is given up after sixty."""

FAULT_S = 4.0
"""Seconds that a fault lasts at least."""

REACHED_S = 60.0
A_YEAR_S = 365.25 * 86_400

Fault = Callable[[Trial, Outcome], None]


def disturb_often(
    subject: Subject,
    faults: int,
    seed: int,
    told: Told = print,
    *,
    names: Sequence[str] = (),
    tally: Tally | None = None,
) -> Tally:
    """Inject `faults` into a service: each kind in its turn.  `names` are the kinds, by default all."""
    tally, service = tally or Tally(), subject.service
    trial, kinds = Trial(service, subject.expected, random.Random(seed)), names or [*FAULTS]
    # A clock that was ahead leaves times that are in the future then: `doctor` says so, as it should.
    service.expected_faults |= {"clock", "files"}
    for number in range(faults):
        kind, outcome = kinds[number % len(kinds)], Outcome()
        with told_of(outcome, service):
            if not service.runs:
                complete_and_compare(trial, Outcome())
            pid = service.pid
            FAULTS[kind](trial, outcome)
            service.plans.write(Plan())
            outcome.wrong += service.faults()
            complete_and_compare(trial, outcome)
            outcome.crashes += service.pid != pid  # it ended, and was started anew
        tally.add(kind, outcome, limit_s=ANSWER_LIMIT_S)
        told(f"{number + 1} of {faults}: {kind}; {len(tally.wrong)} faults so far")
    return tally


def _ask(service: Tried, outcome: Outcome) -> None:
    """Ask a question; whatever the answer is, it has to come."""
    picture = next(iter(service.questions.values()))[0]
    begun = time.monotonic()
    transport = httpx.HTTPTransport(uds=str(service.socket))
    with httpx.Client(transport=transport, base_url="http://cbvird", timeout=ANSWER_LIMIT_S + 30) as client:
        try:
            response = client.post("/v1/query", content=jpeg(picture))
            if response.status_code == 500:
                outcome.wrong.append(f"a question had the answer 500: {response.text[:200]}")
        except httpx.TransportError as error:
            outcome.wrong.append(f"a question had no answer: {type(error).__name__} {error}")
    outcome.stall_s = max(outcome.stall_s, time.monotonic() - begun)


def _while_taking_in(trial: Trial, outcome: Outcome) -> None:
    """Forget films and have them taken in again, and ask, for as long as the fault lasts."""
    forget(trial)
    _ask(trial.service, outcome)
    time.sleep(FAULT_S)


def _failing_puts(trial: Trial, outcome: Outcome) -> None:
    trial.service.plans.write(Plan(failing_put=trial.rng.randint(5, 60)))
    _while_taking_in(trial, outcome)
    _note_whether_it_happened(trial, outcome)


def _failing_files(trial: Trial, outcome: Outcome) -> None:
    """Write half of every new file, or of every other one, while the index is rebuilt."""
    trial.service.plans.write(Plan(failing_file=trial.rng.randint(1, 2)))
    with contextlib.suppress(httpx.TransportError):
        trial.service.http.post("/v1/index/rebuild")
    _ask(trial.service, outcome)
    _note_whether_it_happened(trial, outcome)


def _note_whether_it_happened(trial: Trial, outcome: Outcome) -> None:
    if not trial.service.plans.all_that_happened():
        outcome.wrong.append("no write failed")


@contextlib.contextmanager
def _limit(service: Service, kind: int, soft: int) -> Iterator[None]:
    """Lower a limit of the running service, and raise it again."""
    former = resource.prlimit(service.pid, kind)
    resource.prlimit(service.pid, kind, (soft, former[1]))
    try:
        yield
    finally:
        resource.prlimit(service.pid, kind, former)


def _full_disk(trial: Trial, outcome: Outcome) -> None:
    """No file may grow beyond half of the store: writes fail half-way, as on a disk without room."""
    store = trial.service.data / "store" / "data.mdb"
    with _limit(trial.service, resource.RLIMIT_FSIZE, store.stat().st_size // 2):
        _while_taking_in(trial, outcome)
        refused = trial.service.http.post("/v1/index/rebuild")
        codes = {error["code"] for error in trial.service.get("/v1/errors")["errors"]}
    if "disk_full" not in codes and refused.status_code != 507:
        outcome.wrong.append(f"the disk was never full: {codes}, {refused.status_code}")


def _no_descriptors(trial: Trial, outcome: Outcome) -> None:
    open_now = len(list(Path(f"/proc/{trial.service.pid}/fd").iterdir()))
    with _limit(trial.service, resource.RLIMIT_NOFILE, open_now + 2):
        _while_taking_in(trial, outcome)


def _clock(ahead_s: float) -> Fault:
    def jump(trial: Trial, outcome: Outcome) -> None:
        trial.service.plans.write(Plan(clock_s=ahead_s, failing_put=trial.rng.randint(20, 90)))
        _while_taking_in(trial, outcome)  # with writes that fail: their next tries are noted by this clock

    return jump


def _processes(service: Service, name: str) -> list[int]:
    """Return the processes of this name that the fork server of a service has started."""
    parents = _parents()
    servers = {pid for pid, parent in parents.items() if parent == service.pid}
    return [pid for pid, parent in parents.items() if parent in servers and _name(pid) == name]


def _signal_workers(service: Tried, name: str, by: signal.Signals, seconds: float) -> int:
    """Send a signal to each process of a name that there is within so many seconds; return to how many."""
    deadline, told = time.monotonic() + seconds, set[int]()
    while time.monotonic() < deadline:
        for pid in set(_processes(service, name)) - told:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, by)
                told.add(pid)
        time.sleep(0.05)
    return len(told)


def _workers(by: signal.Signals) -> Fault:
    def signalled(trial: Trial, outcome: Outcome) -> None:
        service = trial.service
        forget(trial)
        deadline = time.monotonic() + REACHED_S
        while not _processes(service, "cbvird-decode") and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(trial.rng.uniform(0.0, 0.5))
        seconds = FAULT_S if by is signal.SIGKILL else 1.5 * DECODE_TIMEOUT_S
        if not _signal_workers(service, "cbvird-decode", by, seconds):
            outcome.wrong.append("no decode worker was met")
        _ask(service, outcome)

    return signalled


def _pictures(by: signal.Signals) -> Fault:
    def signalled(trial: Trial, outcome: Outcome) -> None:
        _ask(trial.service, Outcome())  # so that there is a process
        for pid in _processes(trial.service, "cbvird-picture"):
            os.kill(pid, by)
        _ask(trial.service, outcome)

    return signalled


def _fork_server(trial: Trial, outcome: Outcome) -> None:
    parents = _parents()
    for pid in {parents[worker] for worker in _processes(trial.service, "cbvird-picture")}:
        os.kill(pid, signal.SIGKILL)
    _while_taking_in(trial, outcome)


def _suspended(trial: Trial, outcome: Outcome) -> None:
    """Stop the service for a while, as a machine does that sleeps."""
    forget(trial)
    time.sleep(trial.rng.uniform(0.0, 1.0))
    os.kill(trial.service.pid, signal.SIGSTOP)
    time.sleep(FAULT_S)
    os.kill(trial.service.pid, signal.SIGCONT)
    _ask(trial.service, outcome)


FAULTS: dict[str, Fault] = {
    "puts into the store that fail": _failing_puts,
    "files that are half written": _failing_files,
    "a full disk that recovers": _full_disk,
    "no descriptors for a while": _no_descriptors,
    "a clock a year ahead, and back": _clock(A_YEAR_S),
    "a clock a year behind, and back": _clock(-A_YEAR_S),
    "a decode worker that is killed for its memory": _workers(signal.SIGKILL),
    "a decode worker that hangs": _workers(signal.SIGSTOP),
    "a picture process that is killed": _pictures(signal.SIGKILL),
    "a picture process that hangs": _pictures(signal.SIGSTOP),
    "the fork server is killed": _fork_server,
    "the service is suspended": _suspended,
}
"""What is done to the service, by name."""
