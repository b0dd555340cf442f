"""Bodies of requests: counted, bounded alone and together, and given up where they stall."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from cbvird.http import body, failures
from cbvird.http.body import LimitBody


@pytest.fixture
def app() -> LimitBody:
    app = FastAPI()
    failures.install(app)

    @app.post("/take")
    async def take(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return LimitBody(app)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(body, "MAX_HELD_BYTES", 2500)
    monkeypatch.setattr(body, "BODY_STALL_S", 0.3)


class Sender:
    """A client that sends pieces of a body, and holds the connection open for as long as it likes."""

    def __init__(self, app: LimitBody) -> None:
        self._app, self._pieces = app, asyncio.Queue[Message]()
        self.status, self.answer = 0, b""
        scope: dict[str, Any] = {
            "type": "http", "method": "POST", "path": "/take", "query_string": b"", "headers": [],
            "http_version": "1.1", "scheme": "http", "server": ("a", 1), "client": None, "root_path": "",
        }  # fmt: skip
        self.task = asyncio.ensure_future(app(scope, self._pieces.get, self._send))

    def piece(self, size: int, *, more: bool = True) -> None:
        self._pieces.put_nowait({"type": "http.request", "body": b"x" * size, "more_body": more})

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")


def run(work: Callable[[], Any]) -> None:
    asyncio.run(work())


def test_a_whole_body_is_taken(app: LimitBody) -> None:
    async def work() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            assert (await client.post("/take", content=b"x" * 900)).json() == {"bytes": 900}
            assert (await client.post("/take", content=b"x" * 1001)).status_code == 413

    run(work)


def test_a_body_that_stalls_is_given_up(app: LimitBody) -> None:
    async def work() -> None:
        sender = Sender(app)
        sender.piece(10)
        await sender.task
        assert (sender.status, b"nothing of the body came" in sender.answer) == (408, True)

    run(work)


def test_all_bodies_together_are_bounded_and_what_ended_counts_no_more(app: LimitBody) -> None:
    async def work() -> None:
        held = [Sender(app) for _ in range(3)]
        for sender in held:
            sender.piece(800)
        await asyncio.sleep(0.05)
        late = Sender(app)
        late.piece(200)
        await late.task
        assert (late.status, b"overloaded" in late.answer) == (503, True)
        for sender in held:
            sender.piece(1, more=False)
            await sender.task
            assert sender.status == 200
        again = Sender(app)
        again.piece(900, more=False)
        await again.task
        assert again.status == 200

    run(work)
