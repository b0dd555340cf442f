"""Man pages and completion: made of the commands, whole, and understood by the programs that read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from cbvirctl.__main__ import app
from cbvird.__main__ import command_line
from cbvird.config.settings import tables
from packages.manual.__main__ import made

SHARE = Path(__file__).resolve().parents[1] / "share"
PAGES = ("man/man1/cbvirctl.1", "man/man8/cbvird.8")


def read(page: str) -> str:
    """What a page says, without the escapes of roff."""
    return (SHARE / page).read_text("utf-8").replace(r"\-", "-").replace(r"\&", "")


def test_what_is_committed_is_what_the_commands_say() -> None:
    """If not: ``make man``, which runs ``python -m packages.manual share``."""
    files = [file for file in SHARE.rglob("*") if file.is_file()]
    assert {str(file.relative_to(SHARE)): file.read_text("utf-8") for file in files} == made()


def test_every_command_and_every_option_of_the_client_is_in_its_page() -> None:
    """Read from the parser of the command line, not from what the page is made of."""
    text = read(PAGES[0])
    parts = dict(re.findall(r'^\.SS "([a-z ]+?)(?: [\[{].*?)?"\n(.*?)(?=^\.S[SH] )', text, re.M | re.S))
    group = get_command(app)
    stack = [(name, command) for name, command in group.commands.items()]  # type: ignore[attr-defined]
    seen = set()
    while stack:
        name, command = stack.pop()
        stack += [(f"{name} {below}", one) for below, one in getattr(command, "commands", {}).items()]
        seen.add(name)
        wanted = {option for one in command.params for option in one.opts if option.startswith("-")}
        assert wanted <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", parts[name])), name
    assert seen == set(parts)
    assert len(seen) > 20


def test_every_option_and_setting_of_the_service_is_in_its_page() -> None:
    text = read(PAGES[1])
    options = {option for one in command_line()._actions for option in one.option_strings}
    assert options <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))
    for name, table in tables().items():
        (part,) = re.findall(rf'^\.SS "\[{name}\]"\n(.*?)(?=^\.S[SH] )', text, re.M | re.S)
        assert re.findall(r"^\.B (\w+)$", part, re.M) == list(table.model_fields)


@pytest.mark.parametrize("page", PAGES)
def test_man_has_nothing_to_complain_about(page: str) -> None:
    if shutil.which("man") is None:
        pytest.skip("man is not installed (Debian: the package man-db)")
    command = [
        "man",
        "--warnings",
        "--encoding=UTF-8",
        "--local-file",
        "-Tutf8",
        "--ditroff",
        str(SHARE / page),
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""


BASH = """
source bash-completion/completions/cbvird
COMP_WORDS=(cbvird --log-format "") COMP_CWORD=2
_shtab_cbvird cbvird "" --log-format
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "source fish/vendor_completions.d/cbvird.fish; complete -C 'cbvird --log-format '"


@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("fish", FISH)])
def test_a_shell_completes_what_is_chosen_from(shell: str, script: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-c", script], cwd=SHARE, capture_output=True, text=True, check=True)
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == ["auto", "console", "json"]


def test_zsh_understands_its_completion() -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    for file in sorted((SHARE / "zsh").rglob("_*")):
        assert subprocess.run(["zsh", "-n", file], capture_output=True, check=True).stderr == b""
        assert file.read_text("utf-8").startswith(f"#compdef {file.name[1:]}\n")
