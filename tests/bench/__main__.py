"""Runs the benchmarks one after the other: they must never time each other."""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = ("start", "keyframes", "memory", "size", "ingest", "query", "retrieval", "answers")


def main() -> None:
    """All of them, or those named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar=" | ".join(BENCHMARKS))
    for name in parser.parse_args().names or BENCHMARKS:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
