"""A small server by which the browser's tests act on the service from outside: restart it, drop files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from support.services import Service

Action = Callable[[dict[str, str]], Any]


@contextmanager
def serving_control(service: Service, more: Callable[[int], Service]) -> Iterator[str]:
    """Yield the address of the server; POST to it does something, with parameters in the query.

    `more` starts a second service with so many videos, which is ended with the block.
    """
    others: list[Service] = []

    def start_another(asked: dict[str, str]) -> str:
        others.append(more(int(asked["count"])))
        return _entry(others[-1])

    actions: dict[str, Action] = {
        "/entry": lambda _: _entry(service),
        "/stop": lambda _: service.stop(),
        "/start": lambda _: service.start(),
        "/drop": lambda asked: _drop(service, Path(asked["source"]), asked["name"]),
        "/delete": lambda asked: (service.videos / asked["name"]).unlink(),
        "/hide": lambda _: _move(service.videos, service.folder / "elsewhere"),
        "/show": lambda _: _move(service.folder / "elsewhere", service.videos),
        "/many": start_another,
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(actions)) as server:
        thread = threading.Thread(target=server.serve_forever, name="control")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            for other in others:
                other.close()


def _drop(service: Service, source: Path, name: str) -> str:
    """Bring a file into the watched folder, or into a folder in it."""
    (service.videos / name).parent.mkdir(exist_ok=True)
    return str(service.drop(source, name))


def _move(source: Path, target: Path) -> None:
    """Take the watched folder away, as a disk that is unplugged, or bring it back."""
    source.rename(target)


def _entry(service: Service) -> str:
    """Return the address with a token that signs a browser in."""
    address: str = service.post("/v1/web/token")["address"]
    return address


def _handler(actions: dict[str, Action]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            try:
                result, status = actions[parts.path](dict(parse_qsl(parts.query))), 200
            except Exception as error:  # the test that asked says it
                result, status = f"{type(error).__name__}: {error}", 500
            body = json.dumps(result).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the tests' own report is what people read."""

    return Handler
