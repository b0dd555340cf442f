"""The program that checks an installation; ``cbvirctl doctor`` runs it.

It reads, and changes nothing.  It works whether the service runs or not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from cbvir_core.errors import CbvirError, ConfigError
from cbvir_shared import default_paths
from cbvird.care.doctor import folders, library, service, system
from cbvird.care.doctor.finding import Finding, Level, fault, good
from cbvird.config import Settings, load_settings


def findings(config: Path | None, *, deep: bool = False) -> Iterator[Finding]:
    """Yield what every check says; `deep` reads every row of the store too."""
    try:
        settings = load_settings(config)
    except ConfigError as error:
        for line in str(error).splitlines():
            yield fault("configuration", line, "correct it; config.toml lists every key")
        return
    yield good("configuration", f"{config or default_paths.config_file() or 'no file: the defaults'}")
    yield from folders.check_watched(settings)
    yield from folders.check_data(settings)
    yield from system.check_inotify(settings)
    yield from system.check_limits()
    yield from system.check_sandbox()
    yield from system.check_versions()
    yield from service.check_units()
    yield from service.check_service(settings)
    yield from service.check_page(settings)
    yield from _library(settings, deep=deep)


def _library(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    summary, said = library.summary_of(settings)
    yield from said
    if summary is not None and deep:
        yield from library.check_rows(settings)
    yield from library.check_jobs(settings)
    yield from system.check_clock(library.newest_time(summary, settings.jobs_dir))
    yield from library.check_indices(settings)
    yield from library.check_weights(settings, deep=deep)
    yield from library.check_calibration(settings)


def main(arguments: list[str] | None = None) -> int:
    """Print all findings as JSON; return 5 where there is a fault, else 0."""
    parser = argparse.ArgumentParser(prog="python -m cbvird.care.doctor", description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--deep", action="store_true")
    options = parser.parse_args(arguments)
    try:
        found = list(findings(options.config, deep=options.deep))
    except CbvirError as error:
        found = [fault("doctor", str(error), "see the service's log")]
    faults = sum(finding.level == Level.FAULT for finding in found)
    print(json.dumps({"faults": faults, "findings": [asdict(finding) for finding in found]}))
    return 5 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
