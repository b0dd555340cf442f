"""``calibrate``: begun at once, followed to its end, one at a time."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.calibration import CALIBRATION_QUESTIONS
from cbvirctl.calibrate import BETTER, NOT_BETTER, NOTHING_TO_RESET
from support.films import Film
from support.running import BIN
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

TASK = {"number": 1, "running": True, "done": 7, "total": 100, "error": None, "result": None}

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Elsewhere:
    """A service by its socket alone."""

    socket: Path


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service(workers=2)
    service.index(film.path for film in films)
    return service


@pytest.fixture(scope="module")
def begun(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """The command of a calibration that would take hours, after its first question."""
    command = [str(BIN / "cbvirctl"), "calibrate", "--questions", MANY, "--socket", str(service.socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        service.until(lambda: service.get("/v1/calibrate")["done"] > 0, "progress")
        yield running
        running.kill()


@pytest.fixture(params=[False, True])
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """A socket whose calibration runs when it is begun, and has ended with `DOCUMENT` when it is read."""
    path = tmp_path_factory.mktemp("s") / "s"
    result = DOCUMENT | {"applied": request.param}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_accept, args=(listener, result), daemon=True).start()
        yield Elsewhere(path)
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, result: dict[str, Any]) -> None:
    ended = TASK | {"running": False, "done": 100, "result": result}
    with suppress(OSError):  # the listener is shut down at the end
        while True:
            caller, _ = listener.accept()
            with caller, suppress(BrokenPipeError, ConnectionResetError):
                begins = caller.recv(65_536).startswith(b"POST ")
                body = json.dumps(TASK if begins else ended).encode()
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                caller.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)


def test_the_bar_ends_full_and_stdout_has_the_document_alone(ask: Ask, answered: Elsewhere) -> None:
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


def test_it_is_told_how_far_it_is(service: Service, begun: subprocess.Popen[bytes]) -> None:
    before = service.get("/v1/calibrate")
    assert (before["running"], before["total"], before["result"]) == (True, int(MANY), None)
    service.until(lambda: service.get("/v1/calibrate")["done"] > before["done"], "more progress")


def test_another_one_is_told_that_one_runs(
    service: Service, begun: subprocess.Popen[bytes], ask: Ask
) -> None:
    done = ask(service, "calibrate", "--json")
    assert (done.code, done.error["code"], done.error["retry"]) == (5, "task_busy", True)
    reset = ask(service, "calibrate", "--reset", "--json")
    assert (reset.code, reset.error["code"], reset.error["retry"]) == (5, "calibrating", True)
    assert begun.poll() is None, "the first goes on"


def test_an_interrupted_command_ends_the_calibration(
    service: Service, begun: subprocess.Popen[bytes], ask: Ask
) -> None:
    begun.send_signal(signal.SIGINT)
    assert begun.wait(PATIENCE_S) == 130
    service.until(lambda: not service.get("/v1/calibrate")["running"], "its end")
    assert service.get("/v1/calibrate")["error"]["code"] == "stopped"
    assert not list(service.data.glob("*.json")), "scores stay as they were"


def test_many_at_once_are_one_and_hold_up_nothing(service: Service) -> None:
    """More requests than the service has threads for; their clients hang up, and it answers."""
    before = service.get("/v1/calibrate")["number"]
    codes: list[int] = []

    def one() -> None:
        codes.append(service.http.post("/v1/calibrate", params={"questions": MANY}).status_code)

    many = [threading.Thread(target=one) for _ in range(45)]
    for each in many:
        each.start()
    assert service.get("/v1/status")["keyframes"] > 0
    for each in many:
        each.join()
    assert sorted(codes) == [202] + [409] * 44
    state = service.get("/v1/calibrate")
    assert (state["number"], state["running"]) == (before + 1, True)
    assert service.get("/v1/videos")["videos"]


def test_the_service_stops_in_the_middle_of_one(service: Service) -> None:
    """Soon, and with the scores as they were: the one asked for takes hours."""
    assert service.get("/v1/calibrate")["running"]
    assert service.stop() == 0
    assert not list(service.data.glob("*.json"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_scores_are_calibrated_on_the_library(
    make_service: Callable[..., Service], films: list[Film]
) -> None:
    service = make_service()
    service.index(film.path for film in films)
    service.http.post("/v1/calibrate", params={"questions": FEW}).raise_for_status()
    service.until(lambda: not service.get("/v1/calibrate")["running"], "its end", patience_s=1700)
    outcome = service.get("/v1/calibrate")["result"]
    assert outcome["questions"] == int(FEW)
    assert outcome["answers"] > 2 * int(FEW)
    assert (service.data / "calibration.json").exists() is outcome["applied"]
    assert 0.0 <= outcome["error"] < 0.2
