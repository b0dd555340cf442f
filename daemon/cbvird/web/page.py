"""The built files of the page, held in memory: a path is looked up, never opened."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from cbvird.http.etags import is_known

PAGE_FOLDER = Path(__file__).resolve().parents[1] / "page"
"""What `daemon/web` was built into; part of the package."""

HASHED_FOLDER = "/assets/"
"""Files here have a hash of their content in their names, so a browser may keep them for ever."""

MIN_GZIP_BYTES = 512
"""Files below this do not become smaller by more than the header that says so."""

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""The system's own table differs from machine to machine."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page: its bytes, the same packed by gzip where that is smaller, type, and ETag."""

    body: bytes
    packed: bytes | None
    media_type: str
    tag: str
    is_hashed: bool

    @classmethod
    def of(cls, body: bytes, path: str) -> PageFile:
        """Return the file that is served under a path."""
        packed = gzip.compress(body, mtime=0) if len(body) >= MIN_GZIP_BYTES else body
        return cls(
            body=body,
            packed=packed if len(packed) < len(body) else None,
            media_type=MEDIA_TYPES.get(Path(path).suffix, "application/octet-stream"),
            tag=hashlib.sha256(body).hexdigest()[:24],
            is_hashed=path.startswith(HASHED_FOLDER),
        )

    def answer(self, request: Request) -> Response:
        """Return the file as a browser wants it: packed or not, or 304 where the browser has it."""
        packed = self.packed if _takes_gzip(request) else None
        tag = f'"{self.tag}"' if packed is None else f'"{self.tag}-gzip"'
        headers = {
            "etag": tag,
            "vary": "Accept-Encoding",
            "cache-control": "private, max-age=31536000, immutable" if self.is_hashed else "no-cache",
        }
        if is_known(tag, request):
            return Response(status_code=304, headers=headers)
        if packed is not None:
            headers["content-encoding"] = "gzip"
        return Response(self.body if packed is None else packed, media_type=self.media_type, headers=headers)


def read_page(folder: Path = PAGE_FOLDER) -> dict[str, PageFile]:
    """Return every file of the page by the path under which it is served."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path = f"/{file.relative_to(folder).as_posix()}"
            found[path] = PageFile.of(file.read_bytes(), path)
    return found


def _takes_gzip(request: Request) -> bool:
    wanted = [part.strip().lower() for part in request.headers.get("accept-encoding", "").split(",")]
    return any(part.partition(";")[0] == "gzip" and not part.endswith(("q=0", "q=0.0")) for part in wanted)
