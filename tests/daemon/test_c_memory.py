"""Threads share the arenas of the C library: counted in the memory maps of real processes."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from support.memory_maps import arenas

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")

WITH_BUSY_THREADS = """
import threading
{first}
all_there = threading.Barrier(7)

def work():
    kept = [bytearray(5_000) for _ in range(100)]
    all_there.wait()
    all_there.wait()

for _ in range(6):
    threading.Thread(target=work).start()
all_there.wait()
print("here", flush=True)
input()
all_there.wait()
"""


def arenas_after(first: str) -> int:
    """The arenas of six threads of a process that begins with some lines, but for that of the first one."""
    with subprocess.Popen(
        [sys.executable, "-c", WITH_BUSY_THREADS.format(first=first)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        found = arenas(process.pid)
        process.communicate(b"\n")
    assert process.returncode == 0
    return found


def test_threads_share_arenas() -> None:
    assert arenas_after("from cbvird.worker.c_memory import share_arenas; share_arenas()") == 1


def test_without_it_each_thread_has_one_of_its_own() -> None:
    assert arenas_after("") >= 3
