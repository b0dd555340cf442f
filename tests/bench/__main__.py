"""The command line: it runs benchmarks one after the other, so that they do not slow each other down."""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = (
    *("start", "keyframes", "memory", "size", "ingest", "query"),
    *("retrieval", "answers", "films", "clips"),
)


def main() -> None:
    """Run all benchmarks, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar=" | ".join(BENCHMARKS))
    for name in parser.parse_args().names or BENCHMARKS:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
