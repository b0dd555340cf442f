"""``cbvirctl doctor``: what may be wrong with an installation, and what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cbvir_shared.exit_codes import ExitCode
from cbvirctl.errors import Refused
from cbvirctl.options import JsonOption
from cbvirctl.session import emit, reporting

DOCTOR_IN_SHORT = "Check this installation, and say what to do."

COLOURS = {"good": typer.colors.GREEN, "note": typer.colors.YELLOW, "fault": typer.colors.RED}


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every row of the store and every weight file too.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The configuration of the service.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check this installation, and say what to do.

    Looks at configuration, folders, permissions, limits, clock, disk, versions, units, the running service,
    store, indices and weights.  Changes nothing.  Run it as the user of the service.  With --deep a thousand
    keyframes take a second or two.  The exit code is 5 where something is wrong.
    """
    command = [sys.executable, "-m", "cbvird.care.doctor"]
    command += ["--deep"] if deep else []
    command += [f"--config={config}"] if config else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    with reporting(as_json):
        if done.returncode not in (0, ExitCode.FAILED):
            raise Refused(f"the check ended with {done.returncode}: a file on the disk may be damaged")
    document = json.loads(done.stdout)
    if as_json:
        emit(document)
    else:
        _print(document["findings"], document["faults"])
    raise typer.Exit(done.returncode)


def _print(findings: list[dict[str, Any]], faults: int) -> None:
    """Print one line for each finding, and below it what to do."""
    for finding in findings:
        typer.secho(f"{finding['level']:5} ", fg=COLOURS[finding["level"]], nl=False)
        typer.echo(f"{finding['check']}: {finding['said']}")
        if finding["advice"]:
            typer.echo(f"      -> {finding['advice']}")
    typer.echo()
    typer.echo("nothing is wrong" if not faults else f"{faults} faults" if faults > 1 else "1 fault")
