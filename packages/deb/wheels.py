"""The wheels that the package is made of: that of this source, and a folder of those it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def gather(folder: Path, python: Path, scratch: Path) -> None:
    """Let pip fetch what cbvir needs, for the interpreter `python`, into `folder`; annoy is compiled here.

    `ANNOY_COMPILER_ARGS` says for which processor, as the Makefile has it.  Raises CalledProcessError.
    """
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python, "--quiet"]
    pip += ["wheel", "--wheel-dir", folder]
    pinned: list[str | Path] = ["--constraint", REPOSITORY / "constraints.txt"]
    # A wheel in pip's cache may have been compiled for another processor.
    own = ["--no-cache-dir", "--no-deps", "--no-binary", "annoy", "annoy"]
    subprocess.run([*pip, *pinned, *own], check=True)
    found: list[str | Path] = ["--find-links", folder, "--prefer-binary"]
    subprocess.run([*pip, *pinned, *found, copy_source(scratch), "setuptools"], check=True)
    for made in folder.glob("cbvir-*.whl"):  # it is made anew for each package
        made.unlink()


def make_wheel(wheels: Path, scratch: Path) -> Path:
    """Make the wheel of this source with the setuptools in `wheels`; return the file."""
    # By the environment, so that it holds for what pip makes the wheel with too.
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet"]
    pip += ["wheel", "--no-deps", "--wheel-dir", scratch]
    subprocess.run([*pip, copy_source(scratch)], check=True, env={**os.environ, **offline})
    return next(scratch.glob("cbvir-*.whl"))


def copy_source(scratch: Path) -> Path:
    """Copy what the container is made of; return the folder.

    So a build leaves nothing in the source, and takes nothing that an earlier one left there.
    """
    source = scratch / "source"
    shutil.rmtree(source, ignore_errors=True)
    for line in (REPOSITORY / ".containerignore").read_text("utf-8").split():
        if not line.startswith("!"):
            continue
        origin, target = REPOSITORY / line[1:], source / line[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(origin, target)
    return source
