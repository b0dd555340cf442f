"""A backup of the library, as a stream that `cbvirctl backup` writes to a file."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from cbvir_core.errors import BadRequest, StoreError
from cbvir_shared.backup_stream import DIGEST_BYTES
from cbvird.http.context import Served
from cbvird.http.roles import ADMINISTRATIVE

router = APIRouter(tags=["service"])

RELAYED_BYTES = 1 << 20

_STREAM: dict[str, Any] = {
    "requestBody": {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    }
}


@router.post("/backup", dependencies=[ADMINISTRATIVE], response_class=Response, openapi_extra=_STREAM)
async def backup(
    request: Request,
    served: Served,
    without: Annotated[
        list[Literal["stills", "features"]] | None, Query(description="what is left out")
    ] = None,
) -> Response:
    """Send everything that is known, as it is at this moment, while the service goes on.

    The body is the digests of the chunks that the caller has already (32 bytes each); of these the digests
    alone are sent.  `cbvir_shared.backup_stream` describes the stream.  A caller that hangs up ends it.
    """
    known = await request.body()
    if len(known) % DIGEST_BYTES:
        raise BadRequest(f"the body wants digests of {DIGEST_BYTES} bytes each")
    process = await _reading(served.data_dir, without or ())
    first = await _first(process, known)
    return StreamingResponse(_relayed(process, first), media_type="application/octet-stream")


async def _reading(folder: Path, without: Sequence[str]) -> Process:
    """Start the program that reads the data folder."""
    options = [f"--without={part}" for part in without]
    command = (sys.executable, "-m", "cbvird.care.snapshot", str(folder), *options)
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)


async def _first(process: Process, known: bytes) -> bytes:
    """Hand over the digests; return the first bytes.  Raises StoreError where none come."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with suppress(ConnectionError):  # it ended early, and says why
        process.stdin.write(known)
        await process.stdin.drain()
    process.stdin.close()
    first = await process.stdout.read(RELAYED_BYTES)
    if not first:
        said = (await process.stderr.read()).decode("utf-8", "replace").strip()
        await process.wait()
        raise StoreError(said or "the data folder cannot be read for a backup")
    return first


async def _relayed(process: Process, first: bytes) -> AsyncIterator[bytes]:
    """Yield what the program writes; end the program with the stream."""
    assert process.stdout
    try:
        data = first
        while data:
            yield data
            data = await process.stdout.read(RELAYED_BYTES)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
