"""What is served over TCP: the page, signing in, and the documented API, all behind the guard."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from cbvird.runtime.page_access import PageAccess
from cbvird.web.guard import Guard
from cbvird.web.page import PageFile, read_page
from cbvird.web.sign_in import SignIn


def build_web(api: ASGIApp, access: PageAccess) -> ASGIApp:
    """Return the application for the TCP socket around the application of the unix socket."""
    page = read_page()
    sign_in = SignIn(access, page["/index.html"])
    routes = [
        Route("/", sign_in.home),
        Route("/login", sign_in.form),
        Route("/login", sign_in.login, methods=["POST"]),
        Route("/logout", sign_in.logout, methods=["POST"]),
        *(Route(path, _answering(file)) for path, file in page.items()),
    ]
    return Guard(Router(routes, redirect_slashes=False, default=api), access)


def _answering(file: PageFile) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return file.answer(request)

    return answer
