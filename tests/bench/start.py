"""Time that the client takes to start, against a bare interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cost import cost, report

START_RUNS = 15
CLIENT = [sys.executable, "-m", "cbvirctl"]


def _seconds(command: list[str]) -> float:
    def once() -> float:
        with cost() as spent:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return spent.wall_s

    return statistics.median(once() for _ in range(START_RUNS))


def main() -> None:
    """Measure ``--help``, and a query up to the missing socket."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.jpg"
        picture.write_bytes(b"not sent")
        bare = _seconds([sys.executable, "-c", "pass"])
        help_s = _seconds([*CLIENT, "--help"])
        query_s = _seconds([*CLIENT, "query", str(picture), "--socket", str(Path(folder) / "none.sock")])
    report(
        "start of the client (goal: --help under 0.3 s)",
        bare_interpreter_ms=f"{bare * 1e3:.0f}",
        help_ms=f"{help_s * 1e3:.0f}, {help_s / bare:.1f} times a bare interpreter",
        query_up_to_the_socket_ms=f"{query_s * 1e3:.0f}, {query_s / bare:.1f} times a bare interpreter",
    )
