"""``query`` with pictures as phones and browsers save them, and with some that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.films import Film
from support.pictures import patches, saved
from support.services import Service, frame_at

# Conftest of this folder is no module that can be imported.
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service(workers=2)
    service.index([films[0].path])
    return service


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "JPEG2000"])
def test_a_frame_is_found_in_any_format(
    service: Service, ask: Ask, films: list[Film], tmp_path: Path, kind: str
) -> None:
    path, middle = tmp_path / "IMG_0001", films[0].middles[2]
    path.write_bytes(saved(frame_at(films[0].path, middle), kind))
    done = ask(service, "query", str(path), "--json")
    best = done.document["results"][0]
    assert done.code == (0 if done.document["verdict"] == "match" else 1)
    assert best["path"] == str(service.videos / films[0].path.name)
    assert best["scene_start_s"] - 0.5 <= middle <= best["scene_end_s"] + 0.5


def test_a_photograph_that_is_cut_short_is_found(
    service: Service, ask: Ask, films: list[Film], tmp_path: Path
) -> None:
    path, middle = tmp_path / "cut.jpg", films[0].middles[2]
    data = saved(frame_at(films[0].path, middle), "JPEG")
    path.write_bytes(data[: len(data) * 9 // 10])
    best = ask(service, "query", str(path), "--json").document["results"][0]
    assert best["scene_start_s"] - 0.5 <= middle <= best["scene_end_s"] + 0.5


def test_a_scan_bomb_is_exit_code_4(service: Service, ask: Ask, tmp_path: Path) -> None:
    data = saved(patches(64, 64), "JPEG", progressive=True)
    path = tmp_path / "bomb.jpg"
    path.write_bytes(data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 2_000 + data[-2:])
    done = ask(service, "query", str(path), "--json")
    assert (done.code, done.error["code"]) == (4, "not_a_picture")
    assert "save it again" in done.error["message"]
