"""``cbvird``: the service, in the foreground until SIGTERM."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbvir_shared.exit_codes import ExitCode

BUILTIN_START_HINT = """\
This command needs a running service.  Start cbvird once with the weights that come with it,
    CBVIR_MODELS__PROFILE=builtin cbvird
then run the command, and restart cbvird."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    code = _run(arguments)
    if any(thread.daemon for thread in threading.enumerate()):
        # Making a network for this machine takes minutes and cannot be stopped.  The interpreter would abort
        # if it ended while that thread runs.  Everything is closed by now.
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(arguments: list[str] | None) -> int:
    options = command_line().parse_args(arguments)
    # Imported here: a decode worker imports this module too, and must not import the networks.
    with _garbage_kept():
        from cbvird.worker import single_thread_blas  # noqa: F401, I001 - before numpy is loaded
        from cbvird.worker.c_memory import share_arenas
        from cbvir_core.errors import CbvirError, ConfigError, ModelError
        from cbvird.runtime import log
        from cbvird.config import load_settings

    share_arenas()
    try:
        settings = load_settings(options.config)
        log.configure(options.log_format or settings.service.log_format, settings.service.log_level)
        with _garbage_kept():
            from cbvird.app import serve

        serve(settings)
    except ModelError as error:
        hint = f"\n{BUILTIN_START_HINT}" if "cbvirctl" in str(error) else ""
        print(f"cbvird: {error}{hint}", file=sys.stderr)
        return ExitCode.FAILED
    except ConfigError as error:
        print(f"cbvird: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except CbvirError as error:
        print(f"cbvird: {error}", file=sys.stderr)
        return ExitCode.FAILED
    return 0


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Do not look for garbage among imported objects, which stay: that took a sixth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from cbvir_core.version import VERSION

    parser = argparse.ArgumentParser(
        prog="cbvird", description="Watch folders for videos, and answer in which of them a picture appears."
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration; default: the user's or the system's config.toml",
    )
    parser.add_argument(
        "--log-format", choices=("auto", "console", "json"), help="instead of service.log_format"
    )
    parser.add_argument("--version", action="version", version=f"cbvird {VERSION}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
