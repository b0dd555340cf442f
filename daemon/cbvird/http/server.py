"""uvicorn as a thread of the service."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from cbvird.http.unix_socket import GuardedProtocol

SHUTDOWN_GRACE_S = 2
"""Seconds that running requests have to end at a shutdown."""

LOOP_TICK_S = 0.1
"""Seconds between two signs of life of the event loop, and two looks at the stop event."""


class HttpServer:
    """An application on an open socket.  `run` is the body of its thread."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        self._listener = listener
        self._last_tick = time.monotonic()
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=GuardedProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
            )
        )

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        asyncio.run(self._serve(stop))

    def answers(self, within_s: float) -> bool:
        """Return whether the event loop has turned in the last `within_s` seconds."""
        return self._server.started and time.monotonic() - self._last_tick < within_s

    async def _serve(self, stop: threading.Event) -> None:
        serving = asyncio.create_task(self._server.serve([self._listener]))
        while not serving.done():
            self._last_tick = time.monotonic()
            self._server.should_exit = self._server.should_exit or stop.is_set()
            await asyncio.wait([serving], timeout=LOOP_TICK_S)
        serving.result()
