"""What the man pages say: of `cbvirctl` all of its help, of `cbvird` its options and every setting."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cbvir_core.version import VERSION
from cbvir_shared.default_paths import SYSTEM_CONFIG, SYSTEM_SOCKET
from cbvirctl.help import EXAMPLES
from cbvird.__main__ import command_line
from cbvird.config.settings import tables
from packages.manual.roff import ManPage

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"

EXIT_CODES = re.compile(r"^\| (\d) \| (.+) \|$", re.MULTILINE)
"""A row of the table of exit codes in the reference."""


def client_page(program: Any) -> str:
    """Return cbvirctl(1); `program` is the command of Typer, with those below it."""
    page = _begun("cbvirctl", 1, "asks cbvird in which video, and when, a picture appears")
    context = program.make_context("cbvirctl", ["status"], resilient_parsing=True)
    page.section("Synopsis")
    page.paragraph(" ".join(["cbvirctl", *program.collect_usage_pieces(context)]))
    page.section("Description")
    page.paragraph(program.help)
    page.section("Options")
    _parameters(page, program, context)
    page.section("Commands")
    for name, command, below in commands(program, context):
        page.subsection(" ".join([name, *command.collect_usage_pieces(below)]))
        page.paragraph(command.help or "")
        _parameters(page, command, below)
        page.lines(EXAMPLES[name])
    page.section("Exit status")
    for code, meaning in EXIT_CODES.findall(REFERENCE.read_text("utf-8")):
        page.entry(code, meaning.replace("`", ""))
    _ending(page, "cbvird(8)")
    return page.text()


def service_page() -> str:
    """Return cbvird(8)."""
    parser = command_line()
    page = _begun("cbvird", 8, "watches folders for videos, and answers in which of them a picture appears")
    page.section("Synopsis")
    page.paragraph(" ".join(parser.format_usage().removeprefix("usage: ").split()))
    page.section("Description")
    page.paragraph(
        f"{parser.description}  It runs in the foreground until SIGTERM, and answers on a socket; "
        "cbvirctl(1) asks there.  The watched folders are only read."
    )
    page.section("Options")
    for action in arguments(parser):
        names = ", ".join(action.option_strings)
        choices = f"{{{','.join(action.choices)}}}" if action.choices else action.metavar
        page.entry(f"{names} {choices}" if choices else names, action.help or "")
    page.section("Configuration")
    page.paragraph(
        "A file in TOML; every key has a default.  CBVIR_SECTION__KEY in the environment overrides a key."
    )
    for name, table in tables().items():
        page.subsection(f"[{name}]")
        for key, field in table.model_fields.items():
            page.entry(key, field.description or "")
    _ending(page, "cbvirctl(1)")
    return page.text()


def commands(group: Any, context: Any, before: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the commands below a group that help lists: name, command, context."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = type(context)(command, parent=context, info_name=name, resilient_parsing=True)
        yield f"{before}{name}", command, below
        if hasattr(command, "commands"):
            yield from commands(command, below, f"{before}{name} ")


def records(command: Any, context: Any) -> list[tuple[str, str]]:
    """Return the arguments and options of a command, each with its help."""
    told = (parameter.get_help_record(context) for parameter in command.get_params(context))
    return [record for record in told if record is not None]


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options of a parser."""
    return list(parser._actions)  # argparse has no other list of them


def _parameters(page: ManPage, command: Any, context: Any) -> None:
    for names, text in records(command, context):
        page.entry(re.sub(r"\s*<\w+(\[\w+\])?>(\.\.\.)?$", "", names), text)


def _begun(name: str, section: int, about: str) -> ManPage:
    page = ManPage(name, section, f"cbvir {VERSION}", "cbvir")
    page.section("Name")
    page.paragraph(f"{name} - {about}")
    return page


def _ending(page: ManPage, other: str) -> None:
    page.section("Files")
    page.entry(str(SYSTEM_CONFIG), "the configuration of the machine; ~/.config/cbvir/config.toml of a user")
    page.entry(str(SYSTEM_SOCKET), "the socket of the machine's service")
    page.entry("/var/lib/cbvir", "the library: store, indices, weights, calibration")
    page.section("See also")
    page.paragraph(other)
