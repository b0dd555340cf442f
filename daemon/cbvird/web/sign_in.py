"""Signing in to the page: by a one-time token, or by the password; and signing out."""

from __future__ import annotations

import asyncio
import html
import time
from collections import deque

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cbvird.runtime.page_access import PageAccess
from cbvird.runtime.sessions import SESSION_LIFE_S
from cbvird.web.guard import SESSION_COOKIE, is_signed_in
from cbvird.web.page import PageFile

FORM_MAX_BYTES = 8192
"""Bytes of the form with the password."""

TRIES_PER_MINUTE = 10
"""Wrong passwords from one address in a minute; with more, that address waits."""

MAX_TRYING_ADDRESSES = 1000
"""Addresses whose wrong passwords are counted at once."""

USED_UP = "This address was used before, or is older than ten minutes."
SIGNED_OUT = "You are signed out here."
WRONG_PASSWORD = "That is not the password."
TOO_MANY_TRIES = "Too many wrong passwords; try again in a minute."

SIGN_IN_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>cbvir: sign in</title>
<link rel="stylesheet" href="/sign_in.css">
</head>
<body>
<main>
<h1>cbvir</h1>
<p>{said}</p>
{form}
<p>On the machine of the service, <code>cbvirctl web</code> prints an address that signs you in.</p>
<p><a href="/">Try again</a></p>
</main>
</body>
</html>
"""

PASSWORD_FORM = """<form method="post" action="/login">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>"""


class SignIn:
    """The routes ``/``, ``/login`` and ``/logout``."""

    def __init__(self, access: PageAccess, index: PageFile) -> None:
        self._access, self._index = access, index
        self._one_at_a_time = asyncio.Lock()  # a check of the password takes 32 MB
        self._failures: dict[str, deque[float]] = {}

    async def home(self, request: Request) -> Response:
        """Return the page; with a token in the address, sign in and go to the page."""
        signed_in = is_signed_in(self._access, request)
        token = request.query_params.get("token")
        # Not for HEAD, by which programs look at an address before a person opens it.
        is_opened = token is not None and request.method == "GET"
        if is_opened and self._access.sessions.redeem(str(token), time.time()):
            return self._signed_in(request)
        if not signed_in:
            return self._form(USED_UP if token is not None else SIGNED_OUT, 401)
        return RedirectResponse("/", 303) if token is not None else self._index.answer(request)

    async def form(self, request: Request) -> Response:
        """Return the form for the password."""
        return RedirectResponse("/", 303) if self._access.password is None else self._form("", 200)

    async def login(self, request: Request) -> Response:
        """Sign in by the password of a form."""
        password = self._access.password
        if password is None:
            return self._form("No password is set up for this page.", 404)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > FORM_MAX_BYTES:
            return self._form("The form is too large.", 413)
        async with self._one_at_a_time:
            failures = self._recent_failures(request)
            if len(failures) >= TRIES_PER_MINUTE:
                return self._form(TOO_MANY_TRIES, 429)
            async with request.form() as form:
                given = form.get("password")
            if isinstance(given, str) and await run_in_threadpool(password.fits, given):
                return self._signed_in(request)
            failures.append(time.monotonic())
        return self._form(WRONG_PASSWORD, 401)

    async def logout(self, request: Request) -> Response:
        """Forget the session of this browser."""
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return answer

    def _signed_in(self, request: Request) -> Response:
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            SESSION_COOKIE,
            self._access.sessions.begin(time.time()),
            max_age=int(SESSION_LIFE_S),
            httponly=True,
            samesite="strict",
            secure=self._access.wants_secure_cookie(request.headers.get("host", "")),
        )
        return answer

    def _form(self, said: str, status: int) -> Response:
        form = PASSWORD_FORM if self._access.password is not None else ""
        return HTMLResponse(SIGN_IN_PAGE.format(said=html.escape(said), form=form), status)

    def _recent_failures(self, request: Request) -> deque[float]:
        """Return the times of this address's wrong passwords in the last minute."""
        if len(self._failures) >= MAX_TRYING_ADDRESSES:
            self._failures.clear()
        address = request.client.host if request.client else ""
        times = self._failures.setdefault(address, deque())
        while times and times[0] < time.monotonic() - 60.0:
            times.popleft()
        return times
