"""What ``--help`` says: every command has examples, and they are right."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from cbvirctl.__main__ import app
from cbvirctl.completion import PUBLISHED_PROFILES
from cbvirctl.help import EXAMPLES
from support.running import BIN

Here = Callable[..., tuple[int, str, str]]

FILES = ("picture.jpg", "first.jpg", "second.jpg", "third.jpg", "clip.mp4", "pictures/a.jpg", "filter.pth")
"""Files that the examples name."""

WITHOUT_SERVICE = ("restore", "doctor")
"""Commands that ask no service; their own tests run them."""

UNREACHABLE = 3


def names(group: object, prefix: str = "") -> Iterator[str]:
    """Every command and every group of commands that ``--help`` lists."""
    yield prefix.strip()
    for name, command in getattr(group, "commands", {}).items():
        if not command.hidden:
            yield from names(command, f"{prefix}{name} ")


def own_part(example: str) -> list[str]:
    """The arguments of cbvirctl in a line for a shell, without redirections and other programs."""
    (line, *_) = re.findall(r"cbvirctl[^|>&]*", example)
    return shlex.split(line)[1:]


def test_every_command_has_examples_of_its_own() -> None:
    assert EXAMPLES.keys() == set(names(get_command(app)))
    for name, examples in EXAMPLES.items():
        assert examples
        assert all(" ".join(own_part(example)).startswith(name) for example in examples)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_help_shows_no_types_of_python_and_no_braces(name: str, here: Here) -> None:
    code, out, _ = here(*name.split(), "--help")
    assert code == 0
    assert not set("{}<>") & set(re.sub(r"\[[^]]*\]", "", out.partition("Examples:")[0]))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpx leaves a socket
@pytest.mark.parametrize(
    "example", [line for name, lines in EXAMPLES.items() if name not in WITHOUT_SERVICE for line in lines]
)
def test_an_example_is_understood_as_far_as_the_service(
    example: str, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypisom" if name.endswith(".mp4") else b"data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CBVIR_SOCKET", str(tmp_path / "none.sock"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a long password of somebody\n")))
    arguments = own_part(example)
    if "--set-password" in arguments:
        (tmp_path / ".config" / "cbvir").mkdir(parents=True)
    code, out, err = here(*arguments)
    assert code == (0 if "--set-password" in arguments else UNREACHABLE), err
    assert ("unreachable" in out) == ("--json" in arguments)


@pytest.mark.parametrize("name", ["", "query", "videos", "videos show", "models import"])
def test_help_ends_with_its_examples_and_names_no_types(here: Here, name: str) -> None:
    code, out, _ = here(*name.split(), "--help")
    assert code == 0
    shown = out.partition("\nExamples:\n")[2].splitlines()
    assert tuple(line.strip() for line in shown) == EXAMPLES[name]
    assert not re.search(r"<\w+(\[\w+\])?>|^  \w.*\.\.\.$", out, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str) -> None:
    """What ``--install-completion`` writes asks the client again, as a shell does after that."""
    asked = os.environ | {"_CBVIRCTL_COMPLETE": f"source_{shell}"}
    done = subprocess.run([str(BIN / "cbvirctl")], env=asked, capture_output=True, check=True, text=True)
    assert f"_CBVIRCTL_COMPLETE=complete_{shell}" in done.stdout
    words = {"COMP_WORDS": "cbvirctl models fetch ", "COMP_CWORD": "3"}
    typed = {"_TYPER_COMPLETE_ARGS": "cbvirctl models fetch ", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    asked = os.environ | {"_CBVIRCTL_COMPLETE": f"complete_{shell}"} | words | typed
    done = subprocess.run([str(BIN / "cbvirctl")], env=asked, capture_output=True, check=True, text=True)
    assert all(profile in done.stdout for profile in PUBLISHED_PROFILES)


def test_completion_without_a_service_completes_nothing_and_says_nothing(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "cbvirctl videos show a", "COMP_CWORD": "3"}
    asked = {"_CBVIRCTL_COMPLETE": "complete_bash", "CBVIR_SOCKET": str(tmp_path / "none.sock")}
    done = subprocess.run(
        [str(BIN / "cbvirctl")], env=os.environ | words | asked, capture_output=True, check=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")
