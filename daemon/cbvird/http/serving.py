"""How a route reaches the running service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cbvird.runtime.context import Context


async def context_of(request: Request) -> Context:
    """The parts that `cbvird.app` opened."""
    context: Context = request.app.state.context
    return context


Served = Annotated[Context, Depends(context_of)]
