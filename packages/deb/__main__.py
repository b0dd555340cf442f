"""Build the Debian package of this source, and print the name of its file."""

from __future__ import annotations

import argparse
from pathlib import Path

from packages.deb.build import build

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m packages.deb", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="folder for the package")
    parser.add_argument("--wheels", type=Path, help="folder of wheels: then no network is asked")
    parser.add_argument("--python", type=Path, default=Path("/usr/bin/python3"), help="Debian's interpreter")
    options = parser.parse_args()
    wheels = options.wheels and options.wheels.resolve()
    print(build(options.python, options.into, wheels))
