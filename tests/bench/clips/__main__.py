"""The benchmark with its own options."""

import sys

from bench.clips import main

main(sys.argv[1:])
