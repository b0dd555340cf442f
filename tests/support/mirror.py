"""A web server on this machine that serves weight files, and misbehaves where a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Mirror:
    """The server's files by name, and how it behaves.

    `cut` ends every response after so many bytes; `ranges` says whether it can resume a download;
    `requested_ranges` are the Range headers of all requests, None where there was none.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: int | None = None
    ranges: bool = True
    requested_ranges: list[str | None] = field(default_factory=list)


@contextmanager
def mirroring() -> Iterator[Mirror]:
    """Run the server until the block ends."""
    state = Mirror()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = state.files.get(self.path.lstrip("/"))
            wanted = self.headers.get("Range")
            state.requested_ranges.append(wanted)
            if data is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if start and start >= len(data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            try:
                self.wfile.write(data[start : None if state.cut is None else start + state.cut])
            except ConnectionError:
                """The client has closed the connection, because its disk is full for example."""

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()
