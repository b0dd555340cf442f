"""Measures of cost, drawn films and output that the benchmarks share."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from support.films import Film, draw_film, loop_film

PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Cost:
    """Wall-clock and processor seconds of some work, child processes included."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure the block; a child process counts once it has been waited for."""
    spent = Cost()
    wall, cpu = time.perf_counter(), _cpu_s()
    yield spent
    spent.wall_s, spent.cpu_s = time.perf_counter() - wall, _cpu_s() - cpu


@contextmanager
def orphans_waited_for() -> Iterator[None]:
    """Become the parent of processes whose own has ended, and wait for them at the end of the block.

    A service's fork server outlives it by a moment.  Nobody else would wait for it, and what it and the
    decode workers below it took would be counted nowhere.  Children from before the block are let be.
    """
    libc, before = ctypes.CDLL(None), children_of("self")
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        while left := children_of("self") - before:
            for child in left:
                with suppress(ChildProcessError):  # another thread has waited for it
                    os.waitpid(child, 0)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children_of(process: int | str) -> set[int]:
    """Return the processes whose parent is this one, by its number or ``self``."""
    children = set[int]()
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            children.update(map(int, path.read_text().split()))
    return children


def _cpu_s() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def ffmpeg_decode(film: Path) -> Cost:
    """Measure FFmpeg decoding every frame to nothing on one thread: the limit of full decoding."""
    program = shutil.which("ffmpeg")
    if program is None:
        sys.exit("this benchmark compares with ffmpeg: install it (Debian: apt-get install ffmpeg)")
    with cost() as spent:
        subprocess.run(
            [program, "-v", "fatal", "-threads", "1", "-i", str(film), "-map", "0:v:0", "-f", "null", "-"],
            check=True,
        )
    return spent


def film_720p(folder: Path, duration_s: float) -> Film:
    """Draw a 720p film and repeat it up to the duration."""
    short = draw_film(folder / "short.mp4", seed=7, shots=30, size=(1280, 720))
    return loop_film(short, folder / f"film-{duration_s:.0f}s.mp4", duration_s)


def percentiles(samples: Sequence[float]) -> str:
    """Return ``p50 12.3  p95 20.1  (n = 200)``."""
    p50, p95 = np.percentile(np.asarray(samples), [50, 95])
    return f"p50 {p50:.1f}  p95 {p95:.1f}  (n = {len(samples)})"


def report(name: str, **figures: object) -> None:
    """Print the name of a benchmark and one line for each figure."""
    print(f"\n{name}")
    for key, value in figures.items():
        print(f"  {key.replace('_', ' '):44} {value}", flush=True)
