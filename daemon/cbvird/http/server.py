"""uvicorn as one thread of the crew."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from cbvird.http.listener import GuardedProtocol

GRACE_S = 2
"""Seconds that requests under way have at a shutdown."""

TICK_S = 0.1


class HttpServer:
    """Serves an application on an open socket.  `run` is the body of its thread."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        self._listener = listener
        self._ticked = time.monotonic()
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
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        asyncio.run(self._serve(stop))

    def answers(self, within_s: float) -> bool:
        """Whether the event loop has turned lately: a server that hangs is not alive."""
        return self._server.started and time.monotonic() - self._ticked < within_s

    async def _serve(self, stop: threading.Event) -> None:
        serving = asyncio.create_task(self._server.serve([self._listener]))
        while not serving.done():
            self._ticked = time.monotonic()
            self._server.should_exit = self._server.should_exit or stop.is_set()
            await asyncio.wait([serving], timeout=TICK_S)
        serving.result()
