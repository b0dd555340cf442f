"""The benchmark with its own options."""

import sys

from bench.answers import main

main(sys.argv[1:])
