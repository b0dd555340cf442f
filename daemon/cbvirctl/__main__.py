"""``cbvirctl``: the command line.  Each module of commands holds one noun of the contract."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cbvirctl import calibrate, index, later, models, query, status, videos

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


if __name__ == "__main__":
    main()
