"""``python -m bench.recorded ask|compare``."""

from __future__ import annotations

import sys

from bench.recorded.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
