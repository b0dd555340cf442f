"""The first start on a new machine without PyTorch: the built-in networks are made, others are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.films import Film
from support.hidden_torch import hidden_torch
from support.services import Service, frame_at, jpeg


@pytest.fixture
def fresh(make_service: Callable[..., Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service with an empty data folder where PyTorch is not installed."""
    (tmp_path / "empty").mkdir()
    with hidden_torch() as folder:
        monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
        return make_service(tmp_path / "empty", models={"profile": "builtin"})


def test_a_fresh_service_answers_without_torch(fresh: Service, films: list[Film]) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    assert fresh.query(picture)["verdict"] == "none"
    path = fresh.drop(films[0].path)
    fresh.until_state(path, "indexed")
    fresh.until_refined(jpeg(picture))
    answer = fresh.query(picture)
    assert answer["verdict"] == "match"
    assert answer["results"][0]["path"] == str(path)
    refused = fresh.http.post("/v1/models/moreso/fetch")
    assert refused.json()["error"] == {
        "code": "package_missing",
        "message": "This needs PyTorch: pip install 'cbvir[torch]'",
        "retry": False,
    }
