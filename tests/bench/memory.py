"""Peak memory of a decode worker on a film of an hour, against one of five minutes."""

from __future__ import annotations

import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

from bench.cost import film_720p, report
from cbvir_core.keyframes import KeyframeOptions
from cbvird.worker import process as worker
from cbvird.worker import wire

GOAL_MB = 200
"""Peak memory of a decode worker on a film of an hour, at most."""

SHORT_FILM_S, LONG_FILM_S = 300.0, 3600.0


def _work(connection: Connection, answer: Connection, path: Path) -> None:
    worker.main(connection, worker.DecodeTask(path, "auto", KeyframeOptions(), memory_mb=4 * GOAL_MB))
    answer.send(_high_water_mb())


def _high_water_mb() -> float:
    # Not ru_maxrss: a process inherits that from the one that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _peak_mb(path: Path) -> float:
    """Run the worker in a new process, as the service does, and return its peak memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    result, answer = context.Pipe()
    process = context.Process(target=_work, args=(theirs, answer, path))
    process.start()
    theirs.close()
    if not isinstance(wire.receive(ours), wire.Probed):
        raise RuntimeError(f"{path} could not be probed")
    ours.send_bytes(wire.GO_ON)
    while not isinstance(message := wire.receive(ours), wire.Finished):
        if isinstance(message, wire.Failed):
            raise RuntimeError(message.message)
    peak: float = result.recv()
    process.join()
    return peak


def main() -> None:
    """Print both peaks."""
    with tempfile.TemporaryDirectory() as folder:
        short = _peak_mb(film_720p(Path(folder), SHORT_FILM_S).path)
        long = _peak_mb(film_720p(Path(folder), LONG_FILM_S).path)
    report(
        f"memory of the decode worker (goal: at most {GOAL_MB} MB on an hour)",
        five_minutes_peak_mb=f"{short:.0f}",
        one_hour_peak_mb=f"{long:.0f}, {long / short:.2f} times the short film's",
    )
