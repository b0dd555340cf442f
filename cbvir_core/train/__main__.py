"""``python -m cbvir_core.train``: the command line, or one sentence where PyTorch is not installed."""

from __future__ import annotations

import sys

from cbvir_core.errors import PackageMissing, needs_torch


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status (`cbvir_core.train.program.main`)."""
    try:
        with needs_torch():
            from cbvir_core.train import program
    except PackageMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return program.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
