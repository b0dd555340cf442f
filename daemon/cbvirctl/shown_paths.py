"""Paths as they are shown to people: whole, or relative to their watched folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbvirctl.client import Client

ShowPath = Callable[[str], str]
"""Gives a path as it is shown."""


def shown_paths(client: Client, relative: bool) -> ShowPath:
    """Return how paths are shown; the watched folders are asked for only where they matter."""
    if not relative:
        return str
    roots = client.get("/v1/status")["roots"]
    return relative_to([root["path"] for root in roots if root.get("within") is None])


def relative_to(roots: list[str]) -> ShowPath:
    """Return a function that cuts off the innermost of `roots` that a path lies in."""
    beginnings = sorted((f"{root.rstrip('/')}/" for root in roots), key=len, reverse=True)

    def show(path: str) -> str:
        beginning = next((one for one in beginnings if path.startswith(one)), "")
        return path[len(beginning) :]

    return show
