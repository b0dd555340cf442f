"""The benchmark with its own options."""

import sys

from bench.duplicates import main

main(sys.argv[1:])
