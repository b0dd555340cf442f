"""``cbvirctl``: the command line.  Each module of commands holds one noun."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Annotated

import typer
from typer.exceptions import TyperException

from cbvir_shared.exit_codes import ExitCode
from cbvirctl import (
    backup,
    bench,
    calibrate,
    doctor,
    duplicates,
    index,
    models,
    query,
    status,
    videos,
    web,
)
from cbvirctl.completion import COMPLETION_VARIABLE
from cbvirctl.errors import ClientError
from cbvirctl.help import ExplainedCommand, ExplainedGroup
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.usage import report_usage

INTERRUPTED_EXIT_CODE = 128 + signal.SIGINT
BROKEN_PIPE_EXIT_CODE = 128 + signal.SIGPIPE
"""As shells have them for a process that a signal ended."""

ABOUT = "In which video, and when, does this picture appear?  Asks the running cbvird."

app = typer.Typer(
    name="cbvirctl",
    cls=ExplainedGroup,
    help=ABOUT,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cbvirctl {version('cbvir')}")
        raise typer.Exit


@app.callback(help=ABOUT)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Accept the options that may stand before the command."""


app.command(cls=ExplainedCommand, short_help=query.QUERY_IN_SHORT)(query.query)
app.command(cls=ExplainedCommand)(status.status)
app.command(cls=ExplainedCommand)(status.wait)
app.add_typer(videos.app, name="videos")
app.command(cls=ExplainedCommand)(videos.keyframes)
app.command(cls=ExplainedCommand)(videos.errors)
app.command(cls=ExplainedCommand)(videos.retry)
app.command(cls=ExplainedCommand)(videos.rescan)
app.command(cls=ExplainedCommand, short_help=duplicates.DUPLICATES_IN_SHORT)(duplicates.duplicates)
app.command(cls=ExplainedCommand)(calibrate.calibrate)
app.command(cls=ExplainedCommand, short_help=backup.BACKUP_IN_SHORT)(backup.backup)
app.command(cls=ExplainedCommand, short_help=backup.RESTORE_IN_SHORT)(backup.restore)
app.command(cls=ExplainedCommand, short_help=doctor.DOCTOR_IN_SHORT)(doctor.doctor)
app.command(cls=ExplainedCommand)(bench.bench)
app.command(cls=ExplainedCommand)(web.web)
app.add_typer(index.app, name="index")
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line and end with one of the documented exit codes."""
    completing = COMPLETION_VARIABLE in os.environ
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        sys.exit(report_usage(error, sys.argv[1:]))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED_EXIT_CODE)
    except SystemExit as ended:
        # Typer and Rich end so where nobody reads on, and 1 would say that nothing was found.
        nobody_reads = ended.code == ExitCode.NO_MATCH and not completing
        sys.exit(BROKEN_PIPE_EXIT_CODE if nobody_reads else ended.code)
    except Exception as error:  # a bug: Python's own exit code, 1, would say that nothing was found
        traceback.print_exc()
        typer.secho(f"cbvirctl: {type(error).__name__}: {error}", err=True, fg=typer.colors.RED)
        sys.exit(ClientError.exit_code)
    sys.exit(code)


if __name__ == "__main__":
    main()
