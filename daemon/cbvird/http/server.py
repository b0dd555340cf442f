"""uvicorn as a thread of the service, on one socket or several."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

SHUTDOWN_GRACE_S = 2
"""Seconds that running requests have to end at a shutdown."""

LOOP_TICK_S = 0.1
"""Seconds between two signs of life of the event loop, and two looks at the stop event."""


@dataclass(frozen=True, slots=True)
class HttpFront:
    """An application on an open socket, and how it is spoken to there."""

    app: ASGIApp
    listener: socket.socket
    protocol: type[H11Protocol] = H11Protocol
    cert_file: Path | None = None
    key_file: Path | None = None
    max_connections: int | None = None

    def server(self) -> uvicorn.Server:
        """Return the server of this front, not started."""
        return uvicorn.Server(
            uvicorn.Config(
                self.app,
                http=self.protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing here depends on what a proxy says
                limit_concurrency=self.max_connections,
                ssl_certfile=self.cert_file,
                ssl_keyfile=self.key_file,
                timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
            )
        )


class HttpServer:
    """Fronts that share one event loop.  `run` is the body of its thread."""

    def __init__(self, *fronts: HttpFront) -> None:
        self._last_tick = time.monotonic()
        self._servers = [(front.server(), front.listener) for front in fronts]

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        asyncio.run(self._serve(stop))

    def answers(self, within_s: float) -> bool:
        """Return whether the event loop has turned in the last `within_s` seconds."""
        started = all(server.started for server, _ in self._servers)
        return started and time.monotonic() - self._last_tick < within_s

    async def _serve(self, stop: threading.Event) -> None:
        serving = [asyncio.create_task(server.serve([listener])) for server, listener in self._servers]
        while not all(task.done() for task in serving):
            self._last_tick = time.monotonic()
            if stop.is_set() or any(task.done() for task in serving):  # one without the others is a failure
                for server, _ in self._servers:
                    server.should_exit = True
            await asyncio.wait(serving, timeout=LOOP_TICK_S, return_when=asyncio.FIRST_COMPLETED)
        for task in serving:
            task.result()
