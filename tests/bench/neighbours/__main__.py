"""The benchmark with its own options."""

import sys

from bench.neighbours import main

if __name__ == "__main__":  # processes that are started anew import this module again
    main(sys.argv[1:])
