"""``cbvirctl``: the command line.  Each module of commands holds one noun of the contract."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from cbvirctl import calibrate, index, later, models, query, status, videos
from cbvirctl.errors import ClientError

INTERRUPTED = 130

app = typer.Typer(
    name="cbvirctl",
    help="In which video, and when, does this picture appear?  Asks the running cbvird.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cbvirctl {version('cbvir')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """In which video, and when, does this picture appear?  Asks the running cbvird."""


app.command()(query.query)
app.command()(status.status)
app.command()(status.wait)
app.add_typer(videos.app, name="videos")
app.command()(videos.keyframes)
app.command()(videos.errors)
app.command()(videos.retry)
app.command()(videos.rescan)
app.command()(calibrate.calibrate)
app.add_typer(index.app, name="index")
app.add_typer(models.app, name="models")
later.register(app)


def main() -> None:
    """The entry point; ends with one of the contract's exit codes."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # a mistake of ours: Python's own exit code would say that nothing was found
        traceback.print_exc()
        typer.secho(f"cbvirctl: {type(error).__name__}: {error}", err=True, fg=typer.colors.RED)
        sys.exit(ClientError.exit_code)


if __name__ == "__main__":
    main()
