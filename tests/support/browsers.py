"""A client of the page over TCP that keeps cookies as a browser does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from support.services import PATIENCE_S, Service


class Browser(httpx.Client):
    """Requests to the page at `address`; what changes something names the page as its origin."""

    def __init__(self, address: str, **more: Any) -> None:
        base, _, self.entry = address.partition("/?")
        super().__init__(base_url=base, timeout=PATIENCE_S, trust_env=False, **more)
        self.origin = base

    def request(self, method: str, url: Any, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", None) or {})
        if method not in ("GET", "HEAD"):
            headers.setdefault("origin", self.origin)
        return super().request(method, url, headers=headers, **more)

    def sign_in(self) -> None:
        """Open the address with its token."""
        answer = self.get(f"/?{self.entry}")
        assert answer.status_code == 303, answer.text


@contextmanager
def signed_in(service: Service, **more: Any) -> Iterator[Browser]:
    """A browser that has opened the address of ``cbvirctl web``."""
    with Browser(service.post("/v1/web/token")["address"], **more) as browser:
        browser.sign_in()
        yield browser
