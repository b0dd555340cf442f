"""The first start on a new machine: the built-in networks are made without torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.films import Film
from support.services import Service, frame_at


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="torch runs the networks on a GPU")
def test_a_fresh_service_answers_where_torch_cannot_be_imported(
    make_service: Callable[..., Service], films: list[Film], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    for name in ("torch", "torchvision"):
        (tmp_path / "broken" / f"{name}.py").write_text(f"raise ImportError('{name} is not here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"), prepend=":")
    service = make_service(tmp_path / "empty", models={"profile": "builtin"})
    picture = frame_at(films[0].path, films[0].middles[0])
    assert service.query(picture)["verdict"] == "none"
    path = service.drop(films[0].path)
    service.until_state(path, "indexed")
    service.until(lambda: service.query(picture)["refined"], "both networks answer")
    answer = service.query(picture)
    assert answer["verdict"] == "match"
    assert answer["results"][0]["path"] == str(path)
