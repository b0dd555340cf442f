"""From a folder of wheels to a package: the environment, the files in their places, dpkg-deb."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cbvir_core.version import VERSION
from packages.deb.environment import make_environment, python_package
from packages.deb.tree import HERE, lay_out
from packages.deb.wheels import gather, make_wheel

SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def build(python: Path, into: Path, wheels: Path | None = None) -> Path:
    """Build the package of this source; return the file.

    `python` is the interpreter of Debian that the package will use, `wheels` a folder with all that cbvir
    needs; without it pip fetches that into a folder beside the package.  Raises CalledProcessError.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cbvir-deb-") as name:
        scratch = Path(name)
        if wheels is None:
            wheels = (into / "wheels").resolve()
            gather(wheels, python, scratch)
        root = scratch / "root"
        make_environment(root, python, wheels, make_wheel(wheels, scratch))
        return pack(root, into, python_package(python))


def pack(root: Path, into: Path, python: str) -> Path:
    """Put the files of `root` into their places and write the package; `python` is what it depends on."""
    maintainer = f"{os.environ.get('DEBFULLNAME', 'cbvir')} <{os.environ.get('DEBEMAIL', 'cbvir@localhost')}>"
    date = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    told = {"version": VERSION, "maintainer": maintainer, "date": f"{date:%a, %d %b %Y %H:%M:%S} +0000"}
    lay_out(root, (HERE / "changelog").read_text("utf-8").format(**told))
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    architecture = _said("dpkg", "--print-architecture")
    kib = sum(-(-path.stat().st_size // 1024) for path in files)
    control = root / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(
        (HERE / "control")
        .read_text("utf-8")
        .format(**told, architecture=architecture, installed_kib=kib, python=python)
    )
    (control / "conffiles").write_text("/etc/cbvir/config.toml\n")
    (control / "md5sums").write_text("".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in files))
    for script in SCRIPTS:
        shutil.copyfile(HERE / script, control / script)
    control.chmod(0o755)
    for file in control.iterdir():
        file.chmod(0o755 if file.name in SCRIPTS else 0o644)
    package = into / f"cbvir_{VERSION}_{architecture}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", root, package], check=True)
    return package


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
