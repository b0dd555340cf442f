"""The download of one file: with progress, resumed where the last attempt ended, checked by its hash."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cbvir_core.errors import DiskFull, DownloadFailed, WeightsDamaged
from cbvir_core.files import no_room, sync
from cbvir_core.weights.checksums import sha256_of

if TYPE_CHECKING:
    import httpx

DownloadProgress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes received so far, and the bytes in total where they are known."""

DOWNLOAD_TIMEOUT_S = 30.0
_ADVICE = "try again, or carry the file here by hand and use `cbvirctl models import`"
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def download(url: str, folder: Path, progress: DownloadProgress | None = None) -> Path:
    """Fetch a file into `folder` and return its path.

    The bytes of an interrupted download stay in ``NAME.part``, and the next call resumes there.  A name such
    as ``net-7ebf99e0.pth`` carries the start of the file's SHA-256, which is checked.  Raise DownloadFailed
    (retry), WeightsDamaged (wrong hash; the bytes are deleted), DiskFull (the bytes are deleted).
    """
    import httpx

    name = Path(urlsplit(url).path).name
    part = folder / f"{name}.part"
    try:
        with no_room(part):
            folder.mkdir(parents=True, exist_ok=True)
            with httpx.Client(follow_redirects=True, timeout=DOWNLOAD_TIMEOUT_S) as client:
                _fetch(client, url, part, progress or _silent)
            sync(part)
    except DiskFull:
        part.unlink(missing_ok=True)
        raise
    except httpx.HTTPError as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DownloadFailed(f"could not be fetched ({reason}); {_ADVICE}", path=url) from error
    if not has_hash_of_name(part, name):
        part.unlink()
        raise WeightsDamaged(f"gave a file without the SHA-256 that its name tells; {_ADVICE}", path=url)
    return part.replace(folder / name)


def has_hash_of_name(path: Path, name: str) -> bool:
    """Return whether the file's SHA-256 begins as `name` tells; True where the name tells none."""
    hash_start = _HASH_IN_NAME.search(name)
    return hash_start is None or sha256_of(path).startswith(hash_start[1])


def _fetch(client: httpx.Client, url: str, part: Path, progress: DownloadProgress) -> None:
    """Append to `part` what is missing of the file."""
    import httpx

    here = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            _expect_whole(response, url, part, here)
            return
        response.raise_for_status()
        here = here if response.status_code == 206 else 0
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else None
        with part.open("ab" if here else "wb") as stream:
            try:
                for chunk in response.iter_raw():
                    stream.write(chunk)
                    here += len(chunk)
                    progress(part.stem, here, total)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout) as error:
                raise _cut_off(url, here, total) from error
    if total is not None and here != total:
        raise _cut_off(url, here, total)


def _cut_off(url: str, here: int, total: int | None) -> DownloadFailed:
    whole = f" of {total:,}" if total else ""
    return DownloadFailed(
        f"was cut off after {here:,}{whole} bytes; they are kept, and the next fetch goes on from there",
        path=url,
    )


def _expect_whole(response: httpx.Response, url: str, part: Path, here: int) -> None:
    """Raise DownloadFailed where the part that is here is not the whole file.

    The server has no bytes beyond the part: either the part is complete, or it is of another file.
    """
    if response.headers.get("Content-Range") != f"bytes */{here}":
        part.unlink()
        raise DownloadFailed(
            "does not go on where the last download ended; try again from the start", path=url
        )


def _silent(_name: str, _here: int, _total: int | None) -> None:
    """Report nothing."""
