"""A virtual environment that will lie elsewhere: made of wheels, without a network, the same every time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PREFIX = Path("/opt/cbvir")
"""Where the environment lies on the machine that it is installed on; the units name it."""


def make_environment(root: Path, python: Path, wheels: Path, wheel: Path) -> Path:
    """Make the environment below `root`, as `PREFIX` will be below ``/``; return its folder.

    `wheel` is cbvir; `wheels` holds all that it needs, for `python`.  Raises CalledProcessError.
    """
    folder = root / PREFIX.relative_to("/")
    # Resolved, or the environment would follow a link that another version of Python may take over.
    subprocess.run([python.resolve(), "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python, "--isolated", "--quiet"]
    found: list[str | Path] = ["--no-index", "--find-links", wheels]
    subprocess.run([*pip, "install", "--no-compile", "--no-warn-script-location", *found, wheel], check=True)
    relocate(folder)
    _compile(folder, root)
    return folder


def relocate(folder: Path) -> None:
    """Write `PREFIX` wherever the environment names the folder in which it was made."""
    for file in (folder / "bin").iterdir():
        if not file.is_symlink() and (text := file.read_bytes()).startswith(f"#!{folder}/".encode()):
            file.write_bytes(text.replace(f"#!{folder}/".encode(), f"#!{PREFIX}/".encode(), 1))
    for script in (folder / "bin").glob("[Aa]ctivate*"):
        script.unlink()  # they hold the folder in several languages, and nobody works in this environment
    for name in ("RECORD", "direct_url.json"):  # pip's alone; they hold the folder, and sums of what names it
        for file in folder.glob(f"lib/*/site-packages/*.dist-info/{name}"):
            file.unlink()
    settings = folder / "pyvenv.cfg"
    settings.write_text(re.sub(r"^command = .*\n", "", settings.read_text("utf-8"), flags=re.MULTILINE))


def python_package(python: Path) -> str:
    """Return the Debian package of an interpreter: modules are installed for one minor version."""
    ask = "import sys; print('python%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", ask], capture_output=True, check=True, text=True).stdout.strip()


def _compile(folder: Path, root: Path) -> None:
    """Compile all modules: the service may not write here.  By hash, so that no time is written into them."""
    by_hash: list[str | Path] = ["--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/"]
    library = folder / "lib"
    python = folder / "bin" / "python"
    command: list[str | Path] = [python, "-m", "compileall", "-qq", "-j", "0", *by_hash, library]
    # Some packages bring templates along that are no modules yet; those alone are not compiled.
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
