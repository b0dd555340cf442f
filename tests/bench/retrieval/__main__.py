"""The benchmark with its options."""

import sys

from bench.retrieval import main

main(sys.argv[1:])
