"""More clients than the service serves, while it takes in; and a soak, in which nothing may grow.

Under load each client asks, and asks again once it has its answer or was told to come back.  None is left
hanging.  In a soak a service is asked, takes in and forgets for an hour; memory, threads, descriptors and
files are compared between the first and the last third.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

from support.services import Service, jpeg
from torture.tally import Outcome, Tally
from torture.tried import Subject, Tried, compare

CLIENTS = 64
HANGING_S = 120.0
"""Seconds in which every request has an answer; a client without one was left hanging."""

BACK_S = 0.2
"""Part of ``Retry-After`` that a client really waits: the load stays high."""

SAMPLE_S, QUESTIONS_A_FILM = 5.0, 4
GROWTH = {"memory_mb": 1.1, "threads": 1.0, "descriptors": 1.0, "files": 1.0, "data_mb": 1.25}
"""By how many times the median of the last third of a soak may be that of the first; beside `SLACK`."""

SLACK = {"memory_mb": 32.0, "threads": 4.0, "descriptors": 12.0, "files": 8.0, "data_mb": 16.0}

Told = Callable[[str], None]


def load(
    subject: Subject,
    minutes: float,
    told: Told = print,
    *,
    clients: int = CLIENTS,
    tally: Tally | None = None,
) -> Tally:
    """Let so many clients ask for some minutes, while films are taken in without a break."""
    tally, statuses, lock, stop = tally or Tally(), Counter[str](), threading.Lock(), threading.Event()
    service = subject.service
    pictures = [jpeg(picture) for known in service.questions.values() for picture in known]

    def asking(number: int) -> None:
        for picture in itertools.cycle(pictures[number % len(pictures) :] + pictures):
            if stop.is_set():
                return
            outcome, status = _asked(service, picture, stop)
            with lock:
                statuses[status] += 1
                tally.add(f"questions of {clients} clients under ingest", outcome, limit_s=HANGING_S)

    threads = [threading.Thread(target=asking, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + 60.0 * minutes
    try:
        rounds = _take_in_until(service, ends, told, lambda: f"{dict(statuses)}")
    finally:
        stop.set()
    for thread in threads:
        thread.join(HANGING_S + 60)
    hanging = sum(thread.is_alive() for thread in threads)
    tally.wrong += [f"{hanging} clients had no answer"] if hanging else []
    tally.wrong += service.faults() if service.runs else [f"the service ended: {service.trouble()}"]
    tally.notes.append(f"load: answers by status {dict(sorted(statuses.items()))}, films taken in {rounds}")
    return tally


def _asked(service: Service, picture: bytes, stop: threading.Event) -> tuple[Outcome, str]:
    """Ask once with a connection of its own; wait where the service says so."""
    outcome, begun = Outcome(), time.monotonic()
    # Without `verify=False` each connection would read all certificates, and 64 clients use up a processor.
    transport = httpx.HTTPTransport(uds=str(service.socket), verify=False)
    with httpx.Client(transport=transport, base_url="http://cbvird", timeout=HANGING_S) as client:
        try:
            response = client.post("/v1/query", content=picture)
            status, text = str(response.status_code), response.text[:200]
        except httpx.HTTPError as error:
            status, text = type(error).__name__, str(error)
    outcome.stall_s = time.monotonic() - begun
    if status == "503":
        if not response.headers.get("retry-after", "").isdigit():
            outcome.wrong.append("a refusal does not say when to come back")
        stop.wait(BACK_S * int(response.headers.get("retry-after", "1")))
    elif status != "200":
        outcome.wrong.append(f"{status}: {text}")
        outcome.crashes += status == "500"
    return outcome, status


def _take_in_until(service: Tried, ends: float, told: Told, said: Callable[[], str]) -> int:
    """Forget a film and have it taken in again, one after the other; return how often."""
    rounds = 0
    for film in itertools.cycle(service.films):
        if time.monotonic() >= ends or not service.runs:
            return rounds
        _again(service, service.videos / film.path.name, ends)
        rounds += 1
        told(f"{max(0.0, ends - time.monotonic()):.0f} s left; taken in {rounds}; {said()}")
    return rounds


def _again(service: Tried, path: Path, ends: float) -> None:
    with contextlib.suppress(httpx.TimeoutException):
        service.http.delete("/v1/videos", params={"video": str(path)})
        service.http.post("/v1/retry", params={"video": str(path)})
    while time.monotonic() < ends and service.runs:
        with contextlib.suppress(httpx.TimeoutException):
            rows = service.http.get("/v1/videos", params={"video": str(path)})
            if rows.is_success and rows.json()["videos"][0]["state"] == "indexed":
                return
        time.sleep(0.5)


@dataclass(frozen=True, slots=True)
class Use:
    """What a service and the processes below it use: megabytes of their own, and counts."""

    memory_mb: float
    threads: float
    descriptors: float
    files: float
    data_mb: float

    @classmethod
    def of(cls, service: Tried) -> Use:
        """Measure a running service."""
        data = [path for path in service.data.rglob("*") if path.is_file()]
        place = Path(f"/proc/{service.pid}")
        return cls(
            memory_mb=_private_mb(place),
            threads=len(list((place / "task").iterdir())),
            descriptors=len(list((place / "fd").iterdir())),
            files=len(data),
            data_mb=sum(path.stat().st_blocks for path in data) / 2048,
        )


def _private_mb(place: Path) -> float:
    """Return the megabytes that only this process holds: maps of files are the page cache's."""
    lines = (place / "status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def soak(subject: Subject, minutes: float, told: Told = print, *, tally: Tally | None = None) -> Tally:
    """Ask, take in and forget for so many minutes; nothing may grow."""
    tally, samples, service = tally or Tally(), list[Use](), subject.service
    ends, stop, rounds = time.monotonic() + 60.0 * minutes, threading.Event(), 0
    sampler = threading.Thread(target=_sample, args=(service, samples, stop), daemon=True)
    sampler.start()
    for picture, film in _turns(service):
        if time.monotonic() >= ends or not service.runs:
            break
        outcome, _ = _asked(service, picture, stop)
        tally.add("questions of a soak", outcome, limit_s=HANGING_S)
        if rounds % QUESTIONS_A_FILM == 0:
            _again(service, film, ends)
        rounds += 1
        told(f"{max(0.0, ends - time.monotonic()):.0f} s left; {rounds} questions; {samples[-1:]}")
    stop.set()
    sampler.join()
    outcome = Outcome()
    service.take_in_all()
    service.until_complete()
    compare(subject.expected, service.answers(), outcome)
    outcome.wrong += service.faults() + grown(samples)
    tally.add("soaks", outcome, limit_s=HANGING_S)
    tally.notes += [f"soak of {minutes:g} minutes, {rounds} questions: {said}" for said in _figures(samples)]
    return tally


def _turns(service: Tried) -> Iterator[tuple[bytes, Path]]:
    pictures = [jpeg(picture) for known in service.questions.values() for picture in known]
    paths = [service.videos / film.path.name for film in service.films]
    yield from zip(itertools.cycle(pictures), itertools.cycle(paths), strict=False)


def _sample(service: Tried, samples: list[Use], stop: threading.Event) -> None:
    while not stop.wait(SAMPLE_S):
        with contextlib.suppress(OSError):
            samples.append(Use.of(service))


def _thirds(samples: list[Use]) -> tuple[Use, Use]:
    """Return the medians of the first third, after a tenth in which everything is loaded, and of the last."""
    kept = samples[len(samples) // 10 :]
    third = max(1, len(kept) // 3)

    def median(part: list[Use]) -> Use:
        return Use(*(statistics.median(getattr(use, one.name) for use in part) for one in fields(Use)))

    return median(kept[:third]), median(kept[-third:])


def grown(samples: list[Use]) -> list[str]:
    """Return what has grown."""
    if not samples:
        return ["nothing was measured"]
    first, last = _thirds(samples)
    return [
        f"{name} grew from {getattr(first, name):.1f} to {getattr(last, name):.1f}"
        for name, factor in GROWTH.items()
        if getattr(last, name) > factor * getattr(first, name) + SLACK[name]
    ]


def _figures(samples: list[Use]) -> list[str]:
    if not samples:
        return []
    first, last = _thirds(samples)
    return [f"{name} {getattr(first, name):.0f}, {getattr(last, name):.0f} at the end" for name in GROWTH]
