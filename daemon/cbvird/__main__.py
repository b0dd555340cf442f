"""``cbvird``: runs the service in the foreground until SIGTERM."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path

FAILED = 5
"""The contract's exit code of a service that refused or failed."""

WRONG_USAGE = 2

NO_WEIGHTS = """\
These commands need a running service: start it once with the weights that come with cbvir,
    CBVIR_MODELS__PROFILE=builtin cbvird
bring the others in, and start it anew."""


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit code."""
    code = _run(arguments)
    if any(thread.daemon for thread in threading.enumerate()):
        # Making a network for this machine takes minutes and cannot be stopped, and the interpreter would
        # abort if it ended under that thread.  Everything is closed by now.
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    # Imported late: a decode worker imports this module too, and must not import the networks.
    from cbvird.worker import single_thread_blas  # noqa: F401, I001 - before numpy is loaded
    from cbvir_core.errors import CbvirError, ConfigError, ModelError
    from cbvird.runtime import log
    from cbvird.config.settings import load_settings

    try:
        settings = load_settings(options.config)
        log.configure(options.log_format or settings.service.log_format, settings.service.log_level)
        from cbvird.app import serve

        serve(settings)
    except ModelError as error:
        hint = f"\n{NO_WEIGHTS}" if "cbvirctl" in str(error) else ""
        print(f"cbvird: {error}{hint}", file=sys.stderr)
        return FAILED
    except ConfigError as error:
        print(f"cbvird: {error}", file=sys.stderr)
        return WRONG_USAGE
    except CbvirError as error:
        print(f"cbvird: {error}", file=sys.stderr)
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    from cbvir_core.version import VERSION

    parser = argparse.ArgumentParser(prog="cbvird", description="Watches folders and answers queries.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="config.toml")
    parser.add_argument("--log-format", choices=("auto", "console", "json"))
    parser.add_argument("--version", action="version", version=f"cbvird {VERSION}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
