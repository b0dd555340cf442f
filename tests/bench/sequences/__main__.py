"""The benchmark with its own options."""

import sys

from bench.sequences import main

main(sys.argv[1:])
