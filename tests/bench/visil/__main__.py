"""The benchmark with its own options."""

import os
import sys

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before numpy: on a busy machine two threads wait for each other

from bench.visil import main

main(sys.argv[1:])
