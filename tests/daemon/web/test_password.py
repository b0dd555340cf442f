"""Signing in by the password, beyond loopback and over TLS."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from cbvir_core.errors import ConfigError
from cbvir_shared.password import PasswordHash
from cbvird.config import WebSettings, load_settings
from cbvird.web import build_web, page_access, page_socket
from cbvird.web.sign_in import TRIES_PER_MINUTE
from support.browsers import Browser
from support.services import Service

PASSWORD = "a pass word für alle"

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def password_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("password") / "password"
    file.write_text(f"{PasswordHash.of(PASSWORD)}\n")
    file.chmod(0o640)
    return file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=films.example.org", "-addext", "subjectAltName=DNS:films.example.org"]
    files = ["-keyout", str(key), "-out", str(cert), "-days", "2"]
    subprocess.run([*made, *names, *files], check=True, capture_output=True)
    return cert, key


@needs_openssl
def test_beyond_loopback_with_tls_and_a_password(
    make_service: Callable[..., Service], password_file: Path, certificate: tuple[Path, Path]
) -> None:
    cert, key = certificate
    service = make_service(
        web={
            "listen": "0.0.0.0:0",
            "hosts": ["films.example.org"],
            "cert_file": str(cert),
            "key_file": str(key),
            "password_file": str(password_file),
        }
    )
    address = service.post("/v1/web/token")["address"]
    assert address.startswith("https://films.example.org:")
    port = address.partition("/?")[0].rpartition(":")[2]
    trusted = ssl.create_default_context(cafile=str(cert))
    trusted.check_hostname = False
    with Browser(f"https://127.0.0.1:{port}", verify=trusted) as browser:
        host = {"host": f"films.example.org:{port}"}
        browser.origin = f"https://films.example.org:{port}"
        assert 'name="password"' in browser.get("/", headers=host).text
        wrong = browser.post("/login", data={"password": "wrong"}, headers=host)
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        right = browser.post("/login", data={"password": PASSWORD}, headers=host)
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert "; Secure" in right.headers["set-cookie"]
        session = right.headers["set-cookie"].partition(";")[0]
        assert browser.get("/v1/status", headers=host | {"cookie": session}).status_code == 200
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nhost: films.example.org\r\n\r\n")
        plain.settimeout(5)
        assert b"200" not in plain.recv(100)


def test_wrong_passwords_make_an_address_wait(tmp_path: Path, password_file: Path) -> None:
    asyncio.run(_try_passwords(tmp_path, password_file))


async def _try_passwords(data: Path, password_file: Path) -> None:
    settings = WebSettings(listen="127.0.0.1:0", password_file=password_file)
    with page_socket(settings) as listener:
        assert listener is not None
        access = page_access(settings, listener, data)
    page = httpx.ASGITransport(build_web(Starlette(), access))
    async with httpx.AsyncClient(transport=page, base_url=access.address) as browser:
        browser.headers["origin"] = access.address
        for _ in range(TRIES_PER_MINUTE):
            assert (await browser.post("/login", data={"password": "x" * 2000})).status_code == 401
        assert (await browser.post("/login", data={"password": PASSWORD})).status_code == 429
        assert (await browser.post("/login", data={"password": "x" * 9000})).status_code == 413
        token = access.sessions.issue_token(time.time())  # which needs no password
        assert (await browser.get(f"/?token={token}")).status_code == 303
        assert (await browser.get("/")).status_code == 200


def test_another_password_ends_every_session(tmp_path: Path, password_file: Path) -> None:
    settings = WebSettings(listen="127.0.0.1:0", password_file=password_file)
    with page_socket(settings) as listener:
        assert listener is not None
        session = page_access(settings, listener, tmp_path).sessions.begin(0.0)
        assert page_access(settings, listener, tmp_path).sessions.is_valid(session, 1.0)
        other = tmp_path / "other"
        other.write_text(str(PasswordHash.of("another password")))
        other.chmod(0o600)
        changed = settings.model_copy(update={"password_file": other})
        assert not page_access(changed, listener, tmp_path).sessions.is_valid(session, 1.0)


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ('listen = "0.0.0.0:80"', "cert_file and key_file and password_file"),
        ('listen = "192.168.1.2:80"\npassword_file = "p"', "cert_file and key_file"),
        ('listen = "[::]:80"\ncert_file = "c"\nkey_file = "k"\npassword_file = "p"', "hosts"),
        ('listen = "127.0.0.1:80"\ncert_file = "c"', "belong together"),
        ('listen = "8765"', "HOST:PORT"),
        ('listen = "127.0.0.1:99999"', "HOST:PORT"),
        ('listen = "http://127.0.0.1:80"', "HOST:PORT"),
        ('uploads = ["/elsewhere"]', "watched folder"),
    ],
)
def test_a_page_that_would_be_open_to_others_is_refused_at_the_start(
    tmp_path: Path, web: str, said: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[watch]\nfolders = ["/films"]\n[web]\n{web}\n')
    with pytest.raises(ConfigError, match=said):
        load_settings(file)


def test_files_that_cannot_be_used_are_named(tmp_path: Path, password_file: Path) -> None:
    text = tmp_path / "text"
    text.write_text("secret")
    text.chmod(0o600)
    settings = WebSettings(listen="127.0.0.1:0", cert_file=text, key_file=text, password_file=text)
    with pytest.raises(ConfigError, match=str(text)), page_socket(settings):
        pass
    plain = settings.model_copy(update={"cert_file": None, "key_file": None})
    with page_socket(plain) as listener:
        assert listener is not None
        with pytest.raises(ConfigError, match="--set-password"):
            page_access(plain, listener, tmp_path)
        text.chmod(0o604)
        with pytest.raises(ConfigError, match="chmod"):
            page_access(plain, listener, tmp_path)
        taken = plain.model_copy(update={"listen": f"127.0.0.1:{listener.getsockname()[1]}"})
        with pytest.raises(ConfigError, match="Address already in use"), page_socket(taken):
            pass
