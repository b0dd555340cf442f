"""``calibrate``: its bar comes from events, and nothing but the bar depends on them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.calibration import CALIBRATION_QUESTIONS
from cbvirctl.calibrate import draw
from support.films import Film
from support.services import Service

FEW = "100"

# What the client's conftest gives: it is no module that can be imported.
Ask = Callable[..., Any]

CUT_SHORT = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    b'event: calibration\ndata: {"done": 7, "total": 100}\n\nevent: calibration\ndata: {"done": 8, "to'
)


@dataclass(frozen=True)
class Elsewhere:
    """A service by its socket alone."""

    socket: Path


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service(workers=2)
    service.index(film.path for film in films)
    return service


@dataclass(frozen=True)
class Calibrated:
    """What the client has said, and what was drawn of the events meanwhile."""

    done: Any
    told: list[tuple[int, int]]


@pytest.fixture(scope="module")
def calibrated(service: Service, ask: Ask) -> Calibrated:
    """The library, calibrated on itself once, while somebody else reads the events too."""
    told: list[tuple[int, int]] = []
    said: list[Any] = []
    with service.http.stream("GET", "/v1/events") as response:
        lines = response.iter_lines()
        assert next(lines) == ": cbvird"
        asking = threading.Thread(
            target=lambda: said.append(ask(service, "calibrate", "--questions", FEW, "--json"))
        )
        asking.start()
        draw(_events(lines, until=2), lambda done, total: told.append((done, total)))
        asking.join()
    return Calibrated(said[0], told)


@pytest.fixture
def without_events(service: Service, calibrated: Calibrated) -> Iterator[Elsewhere]:
    """A socket that answers as the service has answered, but breaks off its events in the middle."""
    path = service.folder / "broken.sock"
    body = json.dumps(calibrated.done.document).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    answer = head + b"content-length: %d\r\n\r\n" % len(body) + body
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_accept, args=(listener, answer), daemon=True).start()
        yield Elsewhere(path)
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, answer: bytes) -> None:
    with suppress(OSError):
        while True:
            caller, _ = listener.accept()
            with caller:
                events = caller.recv(65_536).startswith(b"GET /v1/events")
                caller.sendall(CUT_SHORT if events else answer)


def test_scores_are_calibrated_on_the_library(service: Service, calibrated: Calibrated) -> None:
    outcome = calibrated.done.document
    assert outcome["questions"] == int(FEW)
    assert outcome["answers"] > 2 * int(FEW)
    assert 0.0 <= outcome["error"] < 0.15
    assert (service.data / "calibration.json").exists()


def test_the_bar_ends_full_and_stdout_has_the_document_alone(calibrated: Calibrated) -> None:
    assert calibrated.done.code == 0
    assert calibrated.done.document["questions"] == int(FEW)
    assert "questions" in calibrated.done.err
    assert f"{FEW}/{FEW}" in calibrated.done.err


def test_events_tell_how_far_it_is(calibrated: Calibrated) -> None:
    dones = [done for done, _ in calibrated.told]
    assert dones == sorted(set(dones))
    assert {total for _, total in calibrated.told} == {int(FEW)}


def _events(lines: Iterator[str], until: int) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    while until:
        name, _, value = next(lines).partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            until -= kind == "calibration"
            yield kind, json.loads(value)


def test_a_stream_that_breaks_off_costs_the_bar_alone(
    ask: Ask, without_events: Elsewhere, calibrated: Calibrated
) -> None:
    done = ask(without_events, "calibrate", "--questions", FEW, "--json")
    assert (done.code, done.document) == (0, calibrated.done.document)
    assert "Traceback" not in done.err


def test_the_number_of_questions_is_the_service_s_own(service: Service, ask: Ask) -> None:
    """The client sends none: what comes is what the library asks unless told otherwise."""
    parameters = service.get("/openapi.json")["paths"]["/v1/calibrate"]["post"]["parameters"]
    assert {one["name"]: one["schema"]["default"] for one in parameters} == {
        "questions": CALIBRATION_QUESTIONS,
        "seed": 0,
    }
    assert str(CALIBRATION_QUESTIONS) not in ask(service, "calibrate", "--help").out


@pytest.mark.parametrize("number", ["5", "100000"])
def test_too_few_or_too_many_questions_are_wrong_usage(service: Service, ask: Ask, number: str) -> None:
    done = ask(service, "calibrate", "--questions", number, "--json")
    assert (done.code, done.error["code"]) == (2, "bad_request")
    assert "questions" in done.error["message"]


def test_the_service_stops_in_the_middle_of_one(service: Service, calibrated: Calibrated, ask: Ask) -> None:
    """Soon, and with the scores as they were: the one asked for takes hours."""
    believed = (service.data / "calibration.json").read_bytes()
    said: list[Any] = []
    with service.http.stream("GET", "/v1/events") as response:
        asking = threading.Thread(
            target=lambda: said.append(ask(service, "calibrate", "--questions", "20000", "--json"))
        )
        asking.start()
        draw(_events(response.iter_lines(), until=1), lambda *_: None)
    assert service.stop() == 0
    asking.join()
    assert said[0].code != 0
    assert (service.data / "calibration.json").read_bytes() == believed
    service.start()


def test_other_events_are_passed_over() -> None:
    shown: list[tuple[int, int]] = []
    events: list[tuple[str, dict[str, Any]]] = [
        ("video", {"path": "x"}),
        ("calibration", {"done": 3, "total": 9}),
        ("models", {"bytes": 1}),
    ]
    draw(events, lambda done, total: shown.append((done, total)))
    assert shown == [(3, 9)]
