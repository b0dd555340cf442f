"""A service with a page, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support.browsers import Browser
from support.services import Service


@pytest.fixture(scope="module")
def page_service(make_service: Callable[..., Service]) -> Service:
    return make_service(web={"hosts": ["films.example.org"]})


@pytest.fixture
def stranger(page_service: Service) -> Iterator[Browser]:
    """A browser that has not signed in."""
    with Browser(page_service.post("/v1/web/token")["address"]) as opened:
        yield opened
