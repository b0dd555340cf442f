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
from cbvirctl.calibrate import BETTER, NOT_BETTER, NOTHING_TO_RESET, draw
from support.films import Film
from support.services import Service

FEW, MANY = "100", "20000"

DOCUMENT = {
    "questions": 100,
    "answers": 431,
    "error_before": 0.044,
    "error": 0.054,
    "log_loss_before": 0.2,
    "log_loss": 0.21,
    "false_sure": 0.01,
    "applied": False,
}

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
class Begun:
    """A calibration under way: what was told of it so far, and what its client says at its end."""

    told: list[tuple[int, int | None]]
    said: list[Any]
    thread: threading.Thread


@pytest.fixture(scope="module")
def begun(service: Service, ask: Ask) -> Begun:
    """A calibration that would take hours, after its first two events."""
    told: list[tuple[int, int | None]] = []
    said: list[Any] = []
    with service.http.stream("GET", "/v1/events") as response:
        lines = response.iter_lines()
        assert next(lines) == ": cbvird"
        asking = threading.Thread(
            target=lambda: said.append(ask(service, "calibrate", "--questions", MANY, "--json"))
        )
        asking.start()
        draw(_events(lines, until=2), lambda done, total: told.append((done, total)))
    return Begun(told, said, asking)


@pytest.fixture(params=[False, True])
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """A socket that answers with `DOCUMENT`, applied or not, but breaks off its events in the middle."""
    path = tmp_path_factory.mktemp("s") / "s"
    body = json.dumps(DOCUMENT | {"applied": request.param}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    answer = head + b"content-length: %d\r\n\r\n" % len(body) + body
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_accept, args=(listener, answer), daemon=True).start()
        yield Elsewhere(path)
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, answer: bytes) -> None:
    with suppress(OSError):  # the listener is shut down at the end
        while True:
            caller, _ = listener.accept()
            with caller, suppress(BrokenPipeError, ConnectionResetError):
                events = caller.recv(65_536).startswith(b"GET /v1/events")
                caller.sendall(CUT_SHORT if events else answer)


def test_the_bar_ends_full_and_stdout_has_the_document_alone(ask: Ask, answered: Elsewhere) -> None:
    """Also where the stream of events breaks off."""
    done = ask(answered, "calibrate", "--questions", FEW, "--json")
    assert (done.code, done.document) == (0, DOCUMENT | {"applied": done.document["applied"]})
    assert "questions" in done.err
    assert f"{FEW}/{FEW}" in done.err
    assert "Traceback" not in done.err


def test_people_are_told_which_model_is_used(ask: Ask, answered: Elsewhere) -> None:
    applied = ask(answered, "calibrate", "--json").document["applied"]
    lines = ask(answered, "calibrate").out.splitlines()
    assert "calibration error 0.044 before, 0.054 of the new model" in lines
    assert "log loss 0.200 before, 0.210 of the new model" in lines
    assert (BETTER in lines, NOT_BETTER in lines) == (applied, not applied)


def _events(lines: Iterator[str], until: int) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    while until:
        name, _, value = next(lines).partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            until -= kind == "calibration"
            yield kind, json.loads(value)


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


def test_a_reset_deletes_what_the_library_has_of_its_own(service: Service, ask: Ask) -> None:
    for name in ("calibration.json", "belief.json"):
        (service.data / name).write_text("{}")
    assert ask(service, "calibrate", "--reset", "--json").document == {"deleted": True}
    assert not list(service.data.glob("*.json"))
    again = ask(service, "calibrate", "--reset")
    assert (again.code, again.out) == (0, NOTHING_TO_RESET + "\n")


def test_a_reset_asks_no_questions(service: Service, ask: Ask) -> None:
    done = ask(service, "calibrate", "--reset", "--questions", FEW, "--json")
    assert (done.code, done.error["code"]) == (2, "usage")


def test_events_tell_how_far_it_is(begun: Begun) -> None:
    dones = [done for done, _ in begun.told]
    assert dones == sorted(set(dones))
    assert {total for _, total in begun.told} == {int(MANY)}


@pytest.mark.parametrize("option", ["--json", "--reset"])
def test_another_one_is_told_that_one_runs(service: Service, begun: Begun, ask: Ask, option: str) -> None:
    done = ask(service, "calibrate", option, "--json")
    assert (done.code, done.error["code"], done.error["retry"]) == (5, "calibrating", True)
    assert not begun.said, "the first goes on"


def test_many_others_hold_up_nothing(service: Service, begun: Begun) -> None:
    """More requests than the service has threads for."""
    codes: list[int] = []

    def another() -> None:
        codes.append(service.http.post("/v1/calibrate").status_code)

    others = [threading.Thread(target=another) for _ in range(45)]
    for other in others:
        other.start()
    assert service.get("/v1/status")["keyframes"] > 0
    for other in others:
        other.join()
    assert codes == [409] * 45
    assert not begun.said


def test_the_service_stops_in_the_middle_of_one(service: Service, begun: Begun) -> None:
    """Soon, and with the scores as they were: the one asked for takes hours."""
    assert service.stop() == 0
    begun.thread.join()
    assert begun.said[0].code != 0
    assert not list(service.data.glob("*.json"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_scores_are_calibrated_on_the_library(
    make_service: Callable[..., Service], films: list[Film]
) -> None:
    service = make_service()
    service.index(film.path for film in films)
    outcome = service.http.post("/v1/calibrate", params={"questions": FEW}, timeout=1700).json()
    assert outcome["questions"] == int(FEW)
    assert outcome["answers"] > 2 * int(FEW)
    assert (service.data / "calibration.json").exists() is outcome["applied"]
    assert 0.0 <= outcome["error"] < 0.2
