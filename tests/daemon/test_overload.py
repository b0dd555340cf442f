"""More clients than the service serves: some are told to come back, and none is left hanging."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from support.films import Film
from support.services import Service, frame_at, jpeg

CLIENTS = 64


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service()
    service.index([films[0].path])
    return service


@pytest.fixture(scope="module")
def picture(films: list[Film]) -> bytes:
    return jpeg(frame_at(films[0].path, films[0].middles[0]))


def queries_done(service: Service) -> float:
    text = service.http.get("/metrics").text
    found = re.search(r"^cbvir_query_seconds_count (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def asked(service: Service, picture: bytes) -> httpx.Response:
    transport = httpx.HTTPTransport(uds=str(service.socket))
    with httpx.Client(transport=transport, base_url="http://cbvird", timeout=120.0) as client:
        return client.post("/v1/query", content=picture)


def test_who_comes_too_late_is_told_to_come_back(service: Service, picture: bytes) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda _: asked(service, picture), range(CLIENTS)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 503}
    assert statuses[200] >= 32
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["error"] == {
                "code": "overloaded",
                "message": "too many requests for queries wait already; try again in a moment",
                "retry": True,
            }
    assert asked(service, picture).status_code == 200


@pytest.fixture
def waiting(service: Service, picture: bytes) -> Iterator[list[socket.socket]]:
    """Thirty clients that have sent a query and read nothing."""
    head = f"POST /v1/query HTTP/1.1\r\nhost: cbvird\r\ncontent-length: {len(picture)}\r\n\r\n".encode()
    sockets = list[socket.socket]()
    for _ in range(30):
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].connect(str(service.socket))
        sockets[-1].sendall(head + picture)
    yield sockets
    for one in sockets:
        one.close()


def test_queries_of_clients_that_hung_up_are_not_begun(
    service: Service, picture: bytes, waiting: list[socket.socket]
) -> None:
    before = queries_done(service)
    for one in waiting:
        one.close()
    assert asked(service, picture).status_code == 200
    assert queries_done(service) - before < len(waiting) / 2


def test_stages_are_refused_before_they_begin(
    service: Service, picture: bytes, waiting: list[socket.socket]
) -> None:
    with closing(httpx.HTTPTransport(uds=str(service.socket))) as transport:
        client = httpx.Client(transport=transport, base_url="http://cbvird", timeout=120.0)
        headers = {"accept": "text/event-stream"}
        with ThreadPoolExecutor(8) as clients:
            answers = list(
                clients.map(lambda _: client.post("/v1/query", content=picture, headers=headers), range(8))
            )
    kinds = {answer.status_code: answer.headers["content-type"] for answer in answers}
    assert set(kinds) <= {200, 503}
    assert 503 in kinds
    assert kinds[503] == "application/json"
