"""``cbvirctl web``: the address of the page, and its password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbvir_shared.password import PasswordHash
from support.browsers import Browser
from support.services import Service

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def with_page(make_service: Callable[..., Service]) -> Service:
    return make_service(web={})


def test_it_prints_an_address_that_signs_in(with_page: Service, ask: Ask) -> None:
    done = ask(with_page, "web")
    assert (done.code, done.out.count("\n")) == (0, 1)
    with Browser(done.out.strip()) as browser:
        browser.sign_in()
        assert browser.get("/v1/status").status_code == 200
        document = ask(with_page, "web", "--json").document
        assert set(document) == {"address", "expires_s"}
        assert document["address"] != done.out.strip()
        assert ask(with_page, "web", "--sign-out").code == 0
        assert browser.get("/v1/status").status_code == 401


def test_a_browser_that_cannot_be_started(
    with_page: Service, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "false %s")
    done = ask(with_page, "web", "--open", "--json")
    assert (done.code, done.error["code"]) == (5, "no_browser")
    monkeypatch.setenv("BROWSER", "true %s")
    assert ask(with_page, "web", "--open").code == 0


def test_a_password_is_kept_as_a_hash(with_page: Service, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "password"
    done = ask(with_page, "web", "--set-password", str(file), "--json", stdin=b"long enough\n")
    assert done.document == {"password_file": str(file)}
    assert PasswordHash.parse(file.read_text()).fits("long enough")
    assert file.stat().st_mode & 0o777 == 0o640
    short = ask(with_page, "web", "--set-password", str(file), "--json", stdin=b"short\n")
    assert (short.code, short.error["code"]) == (2, "error")
    missing = ask(with_page, "web", "--set-password", str(tmp_path / "no" / "p"), stdin=b"long enough\n")
    assert (missing.code, "No such file" in missing.err) == (2, True)
