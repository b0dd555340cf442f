"""The process that reads query pictures: bytes come, pixels go, and it can open no file.

A picture is made by strangers as a film is.  This process lives long, for starting one takes longer than
reading a picture.  Pixels go through memory that it shares with the service; the service copies them out.
This module must not import torch or OpenVINO.
"""

from __future__ import annotations

import json
import mmap
import os
from dataclasses import asdict
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

import numpy as np

from cbvir_core.decode import MAX_PICTURE_PIXELS, prepare_picture_formats, read_picture
from cbvir_core.errors import CbvirError, NotAPicture
from cbvir_core.types import Image
from cbvird.sandbox import SandboxReport, SandboxRules, confine
from cbvird.worker import wire
from cbvird.worker.c_memory import keep_freed_blocks
from cbvird.worker.child import become_child

PICTURE_PROCESS_NAME = "cbvird-picture"
"""As `ps` and `top` show the process."""

SHARED_BYTES = 3 * MAX_PICTURE_PIXELS
"""Room for the largest picture; memory is taken by what is written alone."""

MAX_REPLY_BYTES = 1 << 16

PICTURE_MEMORY_MB = 3072
"""The largest picture with transparency takes 2.1 GB while it is laid on white, grey of 32 bits 2.4 GB."""


def main(connection: Connection) -> None:
    """Run as the process: say what the sandbox is, then answer each picture, until the service hangs up."""
    become_child(PICTURE_PROCESS_NAME)
    try:
        with connection:
            shared = _shared_memory(connection)
            keep_freed_blocks()
            prepare_picture_formats()
            report = confine(SandboxRules(PICTURE_MEMORY_MB))
            connection.send_bytes(json.dumps(asdict(report)).encode())
            while True:
                reply = _answer(connection.recv_bytes(), shared)
                connection.send_bytes(json.dumps(reply).encode())
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the service is gone


def _shared_memory(connection: Connection) -> mmap.mmap:
    descriptor = recv_handle(connection)
    try:
        return mmap.mmap(descriptor, SHARED_BYTES)
    finally:
        os.close(descriptor)


def _answer(data: bytes, shared: mmap.mmap) -> dict[str, Any]:
    """Return the shape of the picture, which is in the shared memory then, or what is wrong with it."""
    try:
        picture = read_picture(data)
    except MemoryError:
        error: CbvirError = NotAPicture(
            f"the picture needs more than {PICTURE_MEMORY_MB} MB of memory to be read; save it again, smaller"
        )
    except CbvirError as raised:
        error = raised
    else:
        pixels = np.frombuffer(shared, np.uint8, picture.size)
        pixels[:] = picture.reshape(-1)
        return {"shape": picture.shape}
    return {"failed": asdict(wire.Failed.of(error))}


def report_of(reply: bytes) -> SandboxReport:
    """Return what the process has said of its sandbox.  Raises ValueError where it is no report."""
    match _document(reply):
        case {"landlock": int(landlock), "system_calls": bool(system_calls), "missing": [*missing]}:
            return SandboxReport(landlock, system_calls, tuple(map(str, missing)))
        case other:
            raise ValueError(f"no report of a sandbox: {str(other)[:200]}")


def picture_of_reply(reply: bytes, shared: mmap.mmap) -> Image:
    """Return a copy of the picture that lies in the shared memory.

    Raises what is wrong with the picture, and ValueError where the reply is none.
    """
    match _document(reply):
        case {"failed": {"code": str(code), "message": str(message)}}:
            raise wire.Failed(code, message).error()
        case {"shape": [int(height), int(width), 3]} if (
            height >= 1 and width >= 1 and height * width <= MAX_PICTURE_PIXELS
        ):
            pixels = np.frombuffer(shared, np.uint8, height * width * 3)
            return pixels.reshape(height, width, 3).copy()
        case other:
            raise ValueError(f"no picture: {str(other)[:200]}")


def _document(reply: bytes) -> Any:
    """Return what a reply holds.  Raises ValueError."""
    try:
        return json.loads(reply)
    except RecursionError as error:
        raise ValueError(f"no reply: {error}") from error
