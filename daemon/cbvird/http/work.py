"""Work that a pool of threads does for a request, and its end where the client hangs up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from fastapi import HTTPException, Request

HANG_UP_POLL_S = 0.25
"""Seconds between two looks whether the client is still there."""

CLIENT_CLOSED_REQUEST = 499
"""The status that nobody reads, as nginx has it."""

R = TypeVar("R")


class Abandoned(Exception):
    """The client has hung up.  Ends the work in its thread, and goes no further."""


class Patience:
    """Whether somebody still waits for work.  `check` is to be called by the work, between its stages."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def end(self) -> None:
        """Note that nobody waits any more."""
        self._over.set()

    def check(self) -> None:
        """Raise Abandoned where nobody waits any more."""
        if self._over.is_set():
            raise Abandoned


async def done_for(
    request: Request, pool: Executor, work: Callable[[], R], patience: Patience | None = None
) -> R:
    """Return what a thread of the pool makes of the work.

    Where the client hangs up, work that waits is not begun, and work that runs ends at its next `check`.
    Raises what the work raises, and ServiceBusy where too much waits already.
    """
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    while not (await asyncio.wait({future}, timeout=HANG_UP_POLL_S))[0]:
        if await request.is_disconnected():
            if patience is not None:
                patience.end()
            future.cancel()
            raise HTTPException(CLIENT_CLOSED_REQUEST, "the client hung up")
    return future.result()
