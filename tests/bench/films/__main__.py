"""The benchmark with its own options."""

import sys

from bench.films import main

main(sys.argv[1:])
