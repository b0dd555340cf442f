"""One service for the tests of this folder: starting it and reading its videos takes longest.

A test that takes a file away brings it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.films import Film
from support.services import Service

TRAP = '<img src=x onerror="alert(1)">\r\nset-cookie: a=b .mp4'
"""A name that is a trap for pages and headers."""


@pytest.fixture(scope="session")
def service(prepared: Path, films: list[Film]) -> Iterator[Service]:
    """Two videos: the first film in a folder, and then the second one under a name that is a trap."""
    service = Service(prepared)
    service.start()
    (service.videos / "sub").mkdir()
    for film, name in zip(films, ("sub/one.mp4", TRAP), strict=False):
        service.until_state(service.drop(film.path, name), "indexed")
    yield service
    service.close()


@pytest.fixture(scope="session")
def path(service: Service) -> Path:
    """The file of the first film."""
    return service.videos / "sub" / "one.mp4"


@pytest.fixture(scope="session")
def video_id(service: Service, path: Path) -> str:
    """The id of the first film."""
    found = service.video(path)
    assert found is not None
    return str(found["video_id"])
