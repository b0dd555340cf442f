"""The benchmark with its own options."""

import sys

from bench.retrieval import main

main(sys.argv[1:])
