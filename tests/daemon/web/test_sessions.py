"""Tokens and sessions with a clock of the test's own, and the files of the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbvir_shared.password import PasswordHash
from cbvird.runtime.sessions import MAX_TOKENS, SESSION_LIFE_S, TOKEN_LIFE_S, Sessions
from cbvird.web.page import PageFile, read_page


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path / "new" / "page.key")


def test_a_token_is_good_once_and_not_for_long(sessions: Sessions) -> None:
    token = sessions.issue_token(0.0)
    assert sessions.redeem(token, TOKEN_LIFE_S - 1)
    assert not sessions.redeem(token, 1.0)
    assert not sessions.redeem(sessions.issue_token(0.0), TOKEN_LIFE_S)
    assert not sessions.redeem("", 0.0)
    first, *_ = [sessions.issue_token(0.0) for _ in range(MAX_TOKENS + 1)]
    assert not sessions.redeem(first, 1.0)


def test_a_session_ends(sessions: Sessions, tmp_path: Path) -> None:
    session = sessions.begin(0.0)
    assert sessions.is_valid(session, SESSION_LIFE_S - 1)
    assert not sessions.is_valid(session, SESSION_LIFE_S)
    assert Sessions(tmp_path / "new" / "page.key").is_valid(session, 1.0)
    sessions.end_all()
    assert not sessions.is_valid(session, 1.0)


def test_a_session_cannot_be_made_up(sessions: Sessions) -> None:
    end, nonce, seal = sessions.begin(0.0).split(".")
    for made_up in (
        "",
        ".",
        "x.y.z",
        "é.ü",
        f"{int(end) + 1}.{nonce}.{seal}",
        f"{end}.{nonce}.{seal[:-1]}0x",
    ):
        assert not sessions.is_valid(made_up, 1.0)


def test_a_password_fits_its_own_hash_alone() -> None:
    password = "long enough"
    hashed = PasswordHash.parse(f"{PasswordHash.of(password)}\n")
    assert hashed.fits(password)
    assert not hashed.fits(password.upper())
    assert PasswordHash.of("f\u00fcr alle").fits("fu\u0308r alle")
    assert str(PasswordHash.of(password)) != str(PasswordHash.of(password))
    for line in ("", password, "scrypt 1:1:1 AA AA", "scrypt 32768:8:1 !! AA"):
        with pytest.raises(ValueError, match="no password hash"):
            PasswordHash.parse(line)
    with pytest.raises(ValueError, match="8 to 1024"):
        PasswordHash.of("short")


def test_files_are_packed_where_that_helps_and_hashed_names_are_kept(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>small</p>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("let a = 1;\n" * 1000)
    page = read_page(tmp_path)
    assert set(page) == {"/index.html", "/assets/app-1a2b.js"}
    script = page["/assets/app-1a2b.js"]
    assert script.packed is not None
    assert len(script.packed) < 200
    assert script.is_hashed
    assert script.media_type.startswith("text/javascript")
    assert page["/index.html"].packed is None
    assert PageFile.of(b"x", "/strange.bin").media_type == "application/octet-stream"
