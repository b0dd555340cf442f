"""How the C library keeps memory, where it is glibc (mallopt(3)); elsewhere nothing is changed."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8

KEPT_BLOCK_BYTES = 32 << 20
"""The most that mallopt takes: blocks above it, of pictures above 10 megapixels, are given back at once."""

ARENAS = 2
"""Stores of free memory that all threads of the service share.  By default there are eight a processor, each
grows to what its busiest thread ever took, and little of it is given back."""


def keep_freed_blocks() -> None:
    """Keep what a picture took for the next one.

    New pages for a photograph cost half of the time to read it.
    """
    _set(M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES)
    _set(M_TRIM_THRESHOLD, 2 * KEPT_BLOCK_BYTES)


def share_arenas() -> None:
    """Let the threads that are started from now on share `ARENAS` arenas."""
    _set(M_ARENA_MAX, ARENAS)


def _set(parameter: int, value: int) -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(parameter, value)
