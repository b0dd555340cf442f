"""What the memory map of a process shows."""

from __future__ import annotations

from pathlib import Path

ARENA_BYTES = 64 << 20
"""Each part of an arena of glibc lies at a multiple of this and is reserved whole, but the first thread's."""


def arenas(pid: int) -> int:
    """Count the reserved parts of arenas of a process; a part that is full has a further one after it."""
    blocks = list[tuple[int, int]]()
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split()
        if len(fields) > 5:  # a file, or a name as [heap]
            continue
        start, end = (int(place, 16) for place in fields[0].split("-"))
        if blocks and blocks[-1][1] == start and start % ARENA_BYTES:
            blocks[-1] = blocks[-1][0], end
        else:
            blocks.append((start, end))
    return sum(start % ARENA_BYTES == 0 and end - start == ARENA_BYTES for start, end in blocks)
