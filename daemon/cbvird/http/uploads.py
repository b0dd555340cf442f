"""Bodies that are too large for memory: streamed into a file, which is removed afterwards."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from cbvir_core.files import no_room


async def save(chunks: AsyncIterator[bytes], target: Path) -> int:
    """Write a body into a file; return its bytes.  Raises DiskFull."""
    with no_room(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            async for chunk in chunks:
                await run_in_threadpool(file.write, chunk)
            return file.tell()


@asynccontextmanager
async def saved(chunks: AsyncIterator[bytes], folder: Path) -> AsyncIterator[Path]:
    """Write a body into a file of `folder`, for as long as the block lasts.  Raises DiskFull."""
    target = folder / uuid.uuid4().hex
    try:
        await save(chunks, target)
        yield target
    finally:  # also where the sender hangs up
        target.unlink(missing_ok=True)
