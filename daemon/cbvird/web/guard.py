"""The guard in front of everything that is served over TCP: host, origin, session, and security headers."""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cbvird.http.failures import respond
from cbvird.http.roles import ADMINISTERS
from cbvird.runtime.page_access import PageAccess

SESSION_COOKIE = "cbvir"

OPEN_PATHS = frozenset({"/", "/login", "/sign_in.css"})
"""What is answered without a session: the form and its style, and what looks at the session itself."""

SOCKET_ONLY = "/v1/web/"
"""Routes that exist on the unix socket alone: whoever has a session must not make others."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: with that, browsers send "Origin: null" for a form of this page.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """ASGI middleware that refuses requests that are not the page's own, and hardens every answer."""

    def __init__(self, app: ASGIApp, access: PageAccess) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":  # uvicorn is told to speak no websockets, and has no lifespan here
            raise RuntimeError(f"the page answers HTTP requests only, not {scope['type']}")
        answer = refusal(self._access, Request(scope)) or self._app
        # Who signed in has the token of an administrator, or the password.
        scope.setdefault("state", {})[ADMINISTERS] = answer is self._app
        await answer(scope, receive, _hardened(send))


def refusal(access: PageAccess, request: Request) -> Response | None:
    """Return the answer to a request that must not be passed on; None for one that may."""
    host = request.headers.get("host", "")
    path = request.scope["path"]
    if not access.knows_host(host):
        return respond(
            403, "foreign_host", f"no page is served under the name {host!r}; [web] hosts lists more names"
        )
    if not _is_from_here(access, request, host):
        return respond(403, "foreign_origin", "the request comes from another page, or names none")
    if path.startswith(SOCKET_ONLY):
        return respond(403, "socket_only", f"{path} answers on the unix socket only")
    if path not in OPEN_PATHS and not is_signed_in(access, request):
        return respond(401, "signed_out", "sign in first: `cbvirctl web` prints an address that does")
    return None


def is_signed_in(access: PageAccess, request: Request) -> bool:
    """Return whether the request carries a session that holds."""
    return access.sessions.is_valid(request.cookies.get(SESSION_COOKIE, ""), time.time())


def _is_from_here(access: PageAccess, request: Request, host: str) -> bool:
    """Return whether no other page has caused the request.

    Browsers name the origin of everything but plain GET and HEAD; what has no origin there is refused.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return access.knows_origin(origin, host)
    if request.method not in ("GET", "HEAD"):
        return False
    is_embedded = request.headers.get("sec-fetch-mode", "navigate") != "navigate"
    return not (is_embedded and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"))


def _hardened(send: Send) -> Send:
    """Return a `send` that adds the security headers; what says nothing of caches is kept by none."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sent
