"""What the page refuses, and how every answer is hardened; against a real service over TCP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from cbvird.web.guard import CONTENT_SECURITY_POLICY
from cbvird.web.page import PAGE_FOLDER
from support.browsers import Browser, signed_in
from support.services import Service


def refusal(browser: Browser, method: str, path: str, **more: object) -> tuple[int, str]:
    answer = browser.request(method, path, **more)
    error = answer.json()["error"]
    assert error["message"]
    return answer.status_code, error["code"]


# --- signing in ------------------------------------------------------------------------------------


def test_a_token_signs_one_browser_in_once(stranger: Browser, page_service: Service) -> None:
    assert stranger.get("/v1/status").status_code == 401
    assert stranger.head(f"/?{stranger.entry}").status_code == 401  # and the token is still good
    answer = stranger.get(f"/?{stranger.entry}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("cbvir=")
    parts = {part.strip() for part in cookie.split(";")}
    assert {"httponly", "samesite=strict"} <= parts
    assert "secure" not in parts  # loopback
    assert stranger.get("/v1/status").json()["service"]["pid"] == page_service.pid
    with Browser(f"{stranger.base_url}/?{stranger.entry}") as second:
        used = second.get(f"/?{second.entry}")
        assert used.status_code == 401
        assert "used before" in used.text
        assert second.get("/v1/status").status_code == 401


def test_under_another_name_than_loopback_s_the_session_travels_over_tls_only(stranger: Browser) -> None:
    # A proxy speaks TLS to the browser, and plain HTTP to the page.
    proxied = {"host": "films.example.org"}
    assert stranger.get("/?token=wrong", headers=proxied).status_code == 401
    assert "; Secure" in stranger.get(f"/?{stranger.entry}", headers=proxied).headers["set-cookie"]


def test_without_a_session_there_is_a_small_page_and_nothing_else(stranger: Browser) -> None:
    answer = stranger.get("/")
    assert answer.status_code == 401
    assert "cbvirctl web" in answer.text
    assert 'href="/sign_in.css"' in answer.text
    assert stranger.get("/sign_in.css").headers["content-type"].startswith("text/css")
    for path in ("/v1/videos", "/openapi.json", "/metrics", "/healthz", "/index.html", "/nothing"):
        assert refusal(stranger, "GET", path) == (401, "signed_out")
    stranger.cookies.set("cbvir", "9999999999.x.y")
    assert refusal(stranger, "GET", "/v1/videos") == (401, "signed_out")
    assert stranger.get("/?token=wrong").status_code == 401


def test_sessions_outlive_a_restart_and_end_on_request(page_service: Service, stranger: Browser) -> None:
    stranger.sign_in()
    page_service.restart()
    with Browser(page_service.post("/v1/web/token")["address"]) as again:
        again.cookies = stranger.cookies
        assert again.get("/v1/status").status_code == 200
        assert again.post("/logout").status_code == 303
        assert again.get("/v1/status").status_code == 401
        again.cookies = stranger.cookies
    mode = (page_service.data / "page.key").stat().st_mode
    assert mode & 0o077 == 0
    assert page_service.http.delete("/v1/web/sessions").json() == {"ended": True}
    with Browser(page_service.post("/v1/web/token")["address"], cookies=stranger.cookies) as ended:
        assert ended.get("/v1/status").status_code == 401


# --- other pages -----------------------------------------------------------------------------------


@pytest.fixture
def here(page_service: Service) -> Iterator[Browser]:
    """A browser that has signed in to the service as it runs now: a restart gives it another port."""
    with signed_in(page_service) as opened:
        yield opened


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a@127.0.0.1", "[::2]:1"])
def test_a_foreign_host_is_refused(here: Browser, host: str) -> None:
    assert refusal(here, "GET", "/v1/status", headers={"host": host}) == (403, "foreign_host")
    assert refusal(here, "GET", "/", headers={"host": host}) == (403, "foreign_host")


@pytest.mark.parametrize("host", ["localhost:9000", "films.example.org", "[::1]:80", "LOCALHOST"])
def test_own_names_are_known_on_every_port(here: Browser, host: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in here.cookies.items())
    assert here.get("/v1/status", headers={"host": host, "cookie": cookie}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://{host}", None]
)
def test_a_foreign_origin_is_refused(here: Browser, origin: str | None) -> None:
    headers = {"host": here.base_url.netloc.decode()}
    if origin is None:
        request = here.build_request("POST", "/v1/rescan")
        answer = here.send(request)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
        return
    headers["origin"] = origin.format(host=headers["host"])
    assert refusal(here, "POST", "/v1/rescan", headers=headers) == (403, "foreign_origin")
    assert refusal(here, "GET", "/v1/status", headers=headers) == (403, "foreign_origin")
    assert refusal(here, "OPTIONS", "/v1/status", headers=headers) == (403, "foreign_origin")
    assert refusal(here, "POST", "/login", headers=headers) == (403, "foreign_origin")


def test_the_page_s_own_origin_may_change_things(here: Browser) -> None:
    assert here.post("/v1/rescan").json() == {"scanning": True}
    cookie = "; ".join(f"{name}={value}" for name, value in here.cookies.items())
    proxied = {"host": "films.example.org", "origin": "https://films.example.org", "cookie": cookie}
    assert here.post("/v1/rescan", headers=proxied).status_code == 200


def test_another_page_cannot_embed_what_is_here(here: Browser) -> None:
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert refusal(here, "GET", "/v1/status", headers=headers) == (403, "foreign_origin")
    assert here.get("/v1/status", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_session_cannot_make_others(here: Browser) -> None:
    assert refusal(here, "POST", "/v1/web/token") == (403, "socket_only")
    assert refusal(here, "DELETE", "/v1/web/sessions") == (403, "socket_only")


# --- answers ---------------------------------------------------------------------------------------


def test_every_answer_is_hardened(here: Browser) -> None:
    for path in ("/", "/v1/status", "/nothing", "/v1/keyframes/nonsense.jpg"):
        for headers in ({}, {"host": "evil.example"}):
            answer = here.get(path, headers=headers)
            assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["cache-control"] in ("no-store", "no-cache")
            assert "server" not in answer.headers
            assert "access-control-allow-origin" not in answer.headers


def test_files_of_the_page_have_tags(here: Browser) -> None:
    first = here.get("/")
    assert first.content == (PAGE_FOLDER / "index.html").read_bytes()
    assert here.head("/").content == b""
    kept = here.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    plain = here.get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == first.content


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/assets/../../app.py",
        "/%2e%2e/app.py",
        "/assets/..%2f..%2fapp.py",
        "//etc/passwd",
        "/\\app.py",
    ],
)
def test_path_tricks_find_nothing(here: Browser, path: str) -> None:
    with socket.create_connection((here.base_url.host, here.base_url.port or 80)) as raw:
        cookie = f"cbvir={here.cookies['cbvir']}"
        lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", f"cookie: {cookie}", "connection: close", "", ""]
        raw.sendall("\r\n".join(lines).encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404 "), answer[:200]
    assert b"import" not in answer
