"""The benchmark with its options."""

import sys

from bench.answers import main

main(sys.argv[1:])
