"""The command line: it runs benchmarks one after the other, so that they do not slow each other down."""

from __future__ import annotations

import argparse
import importlib
import sys

BENCHMARKS = (
    *("start", "paths", "keyframes", "decode", "memory", "size", "ingest", "query"),
    *("retrieval", "answers", "films", "clips", "neighbours"),
)
WITH_OPTIONS = ("start",)
"""Benchmarks that read options of their own here; the others have programs of their own."""


def main() -> None:
    """Run all benchmarks, or those that are named; options go to the one that is named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar=" | ".join(BENCHMARKS))
    line = sys.argv[1:]
    first_option = next((n for n, word in enumerate(line) if word.startswith("--")), len(line))
    names, options = parser.parse_args(line[:first_option]).names or BENCHMARKS, line[first_option:]
    if options and (len(names) > 1 or names[0] not in WITH_OPTIONS):
        parser.error(f"options belong to one of {', '.join(WITH_OPTIONS)}")
    for name in names:
        importlib.import_module(f"bench.{name}").main(*([options] if options else []))


if __name__ == "__main__":
    main()
