"""Completion for bash, zsh and fish.

That of `cbvirctl` asks the client itself, which knows its commands and the names of videos; that of `cbvird`
holds its few options.
"""

from __future__ import annotations

import shtab
from typer._completion_shared import get_completion_script

from cbvirctl.completion import COMPLETION_VARIABLE
from cbvird.__main__ import command_line
from packages.manual.pages import arguments

PLACES = {
    "bash": "bash-completion/completions/{}",
    "zsh": "zsh/site-functions/_{}",
    "fish": "fish/vendor_completions.d/{}.fish",
}
"""Where a shell looks below ``/usr/share``."""


def client_completion(shell: str) -> str:
    """Return the script by which a shell completes ``cbvirctl``."""
    script = get_completion_script(prog_name="cbvirctl", complete_var=COMPLETION_VARIABLE, shell=shell)
    if shell == "zsh":  # which reads the file at the first completion, and expects one already then
        script = f"{script}\n_cbvirctl_completion"
    return f"{script}\n"


def service_completion(shell: str) -> str:
    """Return the script by which a shell completes ``cbvird``."""
    parser = command_line()
    for action in arguments(parser):
        if action.metavar == "FILE":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell=shell)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
