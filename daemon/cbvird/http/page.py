"""The page in a browser: its address with a one-time token, and ending all sessions; unix socket only."""

from __future__ import annotations

import time

from fastapi import APIRouter
from pydantic import BaseModel

from cbvir_core.errors import NoPage
from cbvird.http.context import Context, Served
from cbvird.http.roles import ADMINISTRATIVE
from cbvird.runtime.page_access import PageAccess
from cbvird.runtime.sessions import TOKEN_LIFE_S

router = APIRouter(prefix="/web", tags=["page"])


class PageAddressDocument(BaseModel):
    """An address that signs a browser in, once and within `expires_s` seconds."""

    address: str
    expires_s: float


class SessionsEndedDocument(BaseModel):
    """Every browser is signed out."""

    ended: bool


@router.post("/token", dependencies=[ADMINISTRATIVE])
def issue_token(served: Served) -> PageAddressDocument:
    """Return the address of the page with a one-time token.  Only the unix socket has this route."""
    access = _access(served)
    token = access.sessions.issue_token(time.time())
    return PageAddressDocument(address=f"{access.address}/?token={token}", expires_s=TOKEN_LIFE_S)


@router.delete("/sessions", dependencies=[ADMINISTRATIVE])
def end_sessions(served: Served) -> SessionsEndedDocument:
    """Sign every browser out, and make every token void.  Only the unix socket has this route."""
    _access(served).sessions.end_all()
    return SessionsEndedDocument(ended=True)


def _access(served: Context) -> PageAccess:
    if served.page is None:
        raise NoPage('the page is switched off; set [web] listen = "127.0.0.1:8765" and restart cbvird')
    return served.page
