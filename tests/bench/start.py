"""Starts: of the client, against a bare interpreter, and of the service, at sizes of its library.

    python -m bench start [--keyframes 1000 1000000] [--data FOLDER]

With the default sizes this takes two minutes.  The library of a million keyframes takes half an hour and
7 GB, once, where it is kept in `--data`; its start then takes a minute.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.cost import cost, report
from bench.service_start import Figures, size_figures

START_RUNS = 15
CLIENT = [sys.executable, "-m", "cbvirctl"]


def _seconds(command: list[str]) -> float:
    def once() -> float:
        with cost() as spent:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return spent.wall_s

    return statistics.median(once() for _ in range(START_RUNS))


def main(line: Sequence[str] = ()) -> None:
    """Measure the client's ``--help`` and a query up to the missing socket, then the service's start."""
    parser = argparse.ArgumentParser(prog="python -m bench start", description=main.__doc__)
    parser.add_argument("--keyframes", type=int, nargs="+", default=[1_000, 20_000], metavar="N")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the made libraries there")
    arguments = parser.parse_args(line)
    _client()
    with tempfile.TemporaryDirectory() as name:
        found = {size: size_figures(arguments.data or Path(name), size) for size in arguments.keyframes}
    _service(found)


def _client() -> None:
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


def _service(found: dict[int, Figures]) -> None:
    """Print each figure at every size, and what it is times that at the first."""
    sizes = list(found)
    goals = "goals at 1M: start 2 times that at 1k, 200 MB read, 800 MB anonymous, ready within 2 s"
    lines = {}
    for name in found[sizes[0]]:
        values = [found[size][name] for size in sizes]
        times = f"  ({values[-1] / values[0]:.2f} times)" if len(values) > 1 and values[0] else ""
        lines[name] = "  ".join(f"{value:10.2f}" for value in values) + times
    report(f"the service at {', '.join(f'{size:,}' for size in sizes)} keyframes ({goals})", **lines)
