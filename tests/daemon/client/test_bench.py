"""``cbvirctl bench`` against a real service: figures of its library, and how it ends early."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from support.films import Film
from support.running import BIN
from support.services import Service

# What the client's conftest gives: it is no module that can be imported.
Ask = Callable[..., Any]

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service()
    service.index(film.path for film in films[:2])
    return service


def test_the_figures_are_those_of_the_library(service: Service, ask: Ask) -> None:
    document = ask(service, "bench", "--questions", "3", "--film", "2", "--json").document
    assert document["keyframes"] == service.get("/v1/status")["keyframes"]
    assert document["reading"]["videos"] == 2
    assert document["queries"]["asked"] == 3
    assert document["shortlist"] is None  # too few keyframes
    assert document["mb_per_hour"]["stills"] > 0


def test_tables_name_what_they_show_and_what_is_missing(service: Service, ask: Ask) -> None:
    done = ask(service, "bench", "--questions", "2", "--film", "1")
    assert done.code == 0
    for said in ("hours of film", "decoding every frame", "times as fast", "half of 2 queries", "stills"):
        assert said in done.out
    assert "too few keyframes" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--film", "0"), "--film wants more than 0"), (("--questions", "0"), "questions")],
)
def test_figures_that_cannot_be_are_refused(
    service: Service, ask: Ask, arguments: tuple[str, ...], said: str
) -> None:
    done = ask(service, "bench", *arguments)
    assert (done.code, said in done.err) == (2, True)


def test_an_interrupted_command_ends_the_measurement(service: Service, ask: Ask) -> None:
    command = [str(BIN / "cbvirctl"), "bench", "--questions", "5000", "--socket", str(service.socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        service.until(lambda: service.get("/v1/bench")["running"], "a measurement")
        refused = ask(service, "bench")
        assert (refused.code, "is running" in refused.err) == (5, True)
        service.until(lambda: service.get("/v1/bench")["done"] > 0, "progress")
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE_S) == 130
    service.until(lambda: not service.get("/v1/bench")["running"], "its end")
    assert service.get("/v1/bench")["error"]["code"] == "stopped"
