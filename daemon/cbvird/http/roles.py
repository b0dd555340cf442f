"""Who may do what: everybody who may connect may read and ask; some calls are for administrators."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request

from cbvir_core.errors import NotAllowed

ADMINISTERS = "administers"
"""The key in the state of a connection that says whether its client is an administrator."""


async def administrators_only(request: Request) -> None:
    """Raise NotAllowed for a client that is no administrator."""
    if not request.scope.get("state", {}).get(ADMINISTERS, False):
        raise NotAllowed(
            "only the user of the service, root and the group of service.administrators may do this"
        )


ADMINISTRATIVE: Any = Depends(administrators_only)
"""What makes a route one for administrators."""
