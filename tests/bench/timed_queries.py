"""Queries put to a service one after the other over its socket, as a client does, and what each took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
import numpy as np

from support.events import told_by
from support.running import Service

PATIENCE_S = 900.0
UNTIMED_QUERIES = 4
"""Queries before the first that counts: what is read for the first time is not measured."""


@dataclass(frozen=True)
class QueryTime:
    """What a query took, in milliseconds, and each of its stages by name."""

    ms: float
    stages_ms: Mapping[str, float]


def timed_queries(running: Service, pictures: Sequence[bytes]) -> list[QueryTime]:
    """Ask with each picture; the first `UNTIMED_QUERIES` are asked twice, of which the second one counts."""
    times = list[QueryTime]()
    with _client(running) as client:
        for picture in (*pictures[:UNTIMED_QUERIES], *pictures):
            begun = time.perf_counter()
            answer = client.post("/v1/query", content=picture).raise_for_status()
            times.append(QueryTime(1e3 * (time.perf_counter() - begun), answer.json()["stages_ms"]))
    return times[len(pictures[:UNTIMED_QUERIES]) :]


def first_answers_ms(running: Service, pictures: Sequence[bytes]) -> list[float]:
    """Return the milliseconds until the first stage of each answer, which a page shows at once."""
    times = list[float]()
    with _client(running) as client:
        for picture in pictures:
            begun = time.perf_counter()
            accept = {"accept": "text/event-stream"}
            with client.stream("POST", "/v1/query", content=picture, headers=accept) as answer:
                events = told_by(answer)
                first = next(events)
                times.append(1e3 * (time.perf_counter() - begun))
                assert first.kind == "shortlist"
                for _ in events:  # the next question waits until this one is answered
                    pass
    return times


def mean_stages(times: Sequence[QueryTime]) -> dict[str, str]:
    """Return a line for each stage: its mean; a stage that did not take part counts as 0."""
    names = sorted({name for one in times for name in one.stages_ms})
    return {
        f"{name},_mean_ms": f"{np.mean([one.stages_ms.get(name, 0.0) for one in times]):.0f}"
        for name in names
    }


def _client(running: Service) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(running.socket))
    return httpx.Client(transport=transport, base_url="http://cbvird", timeout=PATIENCE_S)
