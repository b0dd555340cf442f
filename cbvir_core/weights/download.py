"""Fetching one file: with progress, going on where the last try ended, checked by its hash."""

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

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that are here, and the bytes there will be if that is known."""

TIMEOUT_S = 30.0
TRY_AGAIN = "try again, or carry the file here by hand and use `cbvirctl models import`"
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def download(url: str, folder: Path, progress: Progress | None = None) -> Path:
    """Fetches a file into `folder` and gives its path.

    What came of an interrupted download stays as ``NAME.part`` and is gone on from.  A name such as
    ``net-7ebf99e0.pth`` carries the start of the file's SHA-256, which is checked.  Raises
    DownloadFailed (retry), WeightsDamaged (wrong hash; what came is deleted), DiskFull (likewise).
    """
    import httpx

    name = Path(urlsplit(url).path).name
    part = folder / f"{name}.part"
    try:
        with no_room(part):
            folder.mkdir(parents=True, exist_ok=True)
            with httpx.Client(follow_redirects=True, timeout=TIMEOUT_S) as client:
                _fetch(client, url, part, progress or _silent)
            sync(part)
    except DiskFull:
        part.unlink(missing_ok=True)
        raise
    except httpx.HTTPError as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DownloadFailed(f"{url} could not be fetched ({said}); {TRY_AGAIN}") from error
    if not fits_name(part, name):
        part.unlink()
        raise WeightsDamaged(f"{url} gave a file without the SHA-256 that its name tells; {TRY_AGAIN}")
    return part.replace(folder / name)


def fits_name(path: Path, name: str) -> bool:
    """Whether a file has the SHA-256 that its name begins to tell, where it tells one."""
    found = _HASH_IN_NAME.search(name)
    return found is None or sha256_of(path).startswith(found[1])


def _fetch(client: httpx.Client, url: str, part: Path, progress: Progress) -> None:
    """Brings `part` up to the whole file."""
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
        f"{url} was cut off after {here:,}{whole} bytes; they are kept, and the next fetch goes on from there"
    )


def _expect_whole(response: httpx.Response, url: str, part: Path, here: int) -> None:
    """The server has nothing beyond what is here: either that is all of it, or it is another file."""
    if response.headers.get("Content-Range") != f"bytes */{here}":
        part.unlink()
        raise DownloadFailed(f"{url} does not go on where the last download ended; try again from the start")


def _silent(_name: str, _here: int, _total: int | None) -> None:
    """Nobody is watching."""
