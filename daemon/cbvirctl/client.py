"""HTTP over the unix socket of the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from cbvirctl.errors import Refused, TimedOut, Unreachable, Usage, from_service
from cbvirctl.unreachable import why_unreachable

Document = dict[str, Any]

UPLOAD_CHUNK_BYTES = 1 << 20


class Client:
    """A connection to the service.  Every call raises `ClientError` or returns a JSON document."""

    def __init__(self, socket: Path, *, timeout_s: float | None = 600.0) -> None:
        self.socket = socket
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://cbvird",
            timeout=httpx.Timeout(timeout_s, connect=5.0),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Document:
        """Send ``GET``."""
        return self._call("GET", path, parameters)

    def post(self, path: str, body: bytes = b"", **parameters: Any) -> Document:
        """Send ``POST`` with a raw body."""
        return self._call("POST", path, parameters, body)

    def delete(self, path: str, **parameters: Any) -> Document:
        """Send ``DELETE``."""
        return self._call("DELETE", path, parameters)

    def upload(self, path: str, file: Path) -> Document:
        """Send ``PUT`` with a file, which is streamed."""
        return self._send_file("PUT", path, {}, file)

    def post_file(self, path: str, file: Path, **parameters: Any) -> Document:
        """Send ``POST`` with a file, which is streamed."""
        return self._send_file("POST", path, parameters, file)

    def post_form(self, path: str, files: Sequence[tuple[str, bytes]], **parameters: Any) -> Document:
        """Send ``POST`` with a form of files, each with its name."""
        form = self._http.build_request("POST", path, files=[("picture", one) for one in files])
        return self._call("POST", path, parameters, form.read(), form.headers["content-type"])

    def _send_file(self, method: str, path: str, parameters: Document, file: Path) -> Document:
        try:
            with file.open("rb") as stream:
                chunks = iter(lambda: stream.read(UPLOAD_CHUNK_BYTES), b"")
                return self._call(method, path, parameters, chunks)
        except OSError as error:
            raise Usage(f"cannot read {file}: {error.strerror}", code="file_unreadable") from None

    def get_bytes(self, path: str, **parameters: Any) -> bytes:
        """Send ``GET`` for something that is not JSON."""
        return self._send("GET", path, parameters, None).content

    def post_for_bytes(self, path: str, body: bytes, **parameters: Any) -> bytes:
        """Send ``POST`` with a raw body; the answer is not JSON."""
        return self._send("POST", path, parameters, body).content

    @contextmanager
    def post_for_stream(self, path: str, body: bytes, **parameters: Any) -> Iterator[Callable[[int], bytes]]:
        """Send ``POST`` with a raw body; yield what reads so many bytes of a long answer."""
        given = {key: value for key, value in parameters.items() if value is not None}
        try:
            with self._http.stream("POST", path, params=given, content=body) as response:
                if response.is_error:
                    response.read()
                    raise from_service(_json_or_none(response), response.status_code)
                yield ByteReader(response.iter_bytes()).read
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def events(self, trace: Callable[[str, Document], None]) -> Iterator[tuple[str, Document]]:
        """Yield the service's events from now on, as kind and data, until the service stops.

        `trace` is told what httpx does on the way, and so gets the connection.
        """
        try:
            with self._http.stream("GET", "/v1/events", extensions={"trace": trace}) as response:
                kind = ""
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data":
                        yield kind, json.loads(value)
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _call(
        self,
        method: str,
        path: str,
        parameters: Document,
        body: bytes | Iterator[bytes] | None = None,
        kind: str | None = None,
    ) -> Document:
        response = self._send(method, path, parameters, body, kind)
        try:
            document = response.json()
        except ValueError:
            raise Refused(f"{self.socket} answered {method} {path} with something that is not JSON") from None
        if not isinstance(document, dict):
            raise Refused(f"{self.socket} answered {method} {path} with an unexpected document")
        return document

    def _send(
        self,
        method: str,
        path: str,
        parameters: Document,
        body: bytes | Iterator[bytes] | None,
        kind: str | None = None,
    ) -> httpx.Response:
        """Send a request; `kind` is the media type of the body."""
        given = {key: value for key, value in parameters.items() if value is not None}
        try:
            headers = {} if kind is None else {"content-type": kind}
            response = self._http.request(method, path, params=given, content=body, headers=headers)
        except httpx.TimeoutException:
            raise TimedOut(f"the service did not answer {method} {path} in time", retry=True) from None
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise from_service(_json_or_none(response), response.status_code)
        return response

    def _unreachable(self, error: Exception) -> Unreachable:
        reason, advice = why_unreachable(self.socket, error)
        message = f"cbvird does not answer on {self.socket} ({reason}). {advice}"
        return Unreachable(message, code="unreachable", retry=True)


def _json_or_none(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


class ByteReader:
    """Reads wanted numbers of bytes from pieces of any size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, bytearray()

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        while len(self._held) < size and (piece := next(self._pieces, b"")):
            self._held += piece
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
