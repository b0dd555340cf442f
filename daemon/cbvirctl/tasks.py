"""Work of the service that takes minutes: started, followed to its end, and ended with the command."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cbvirctl.errors import from_service
from cbvirctl.progress import ShowProgress

if TYPE_CHECKING:
    from cbvirctl.client import Client, Document

TASK_POLL_S = 0.3
"""Seconds between two looks at how far it is."""


def finished_task(client: Client, path: str, show: ShowProgress, **parameters: Any) -> Document:
    """Start the work of a path, wait for its end and return its result.

    Whoever interrupts the command ends the work too.  Raises ClientError where it fails.
    """
    state = client.post(path, **parameters)
    try:
        while state["running"]:
            if state["total"]:
                show(state["done"], state["total"])
            time.sleep(TASK_POLL_S)
            state = client.get(path)
    except KeyboardInterrupt:
        client.delete(path)
        raise
    if state["error"]:
        raise from_service(state, 500)
    show(state["total"], state["total"])
    result: Document = state["result"]
    return result
