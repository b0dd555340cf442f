"""The benchmark with its own options."""

import sys

from bench.visil import main

main(sys.argv[1:])
