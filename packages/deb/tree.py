"""The files of the package in their places, as ``/`` will have them."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from packages.deb.environment import PREFIX

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]

DOCUMENTS = ("README.md", "docs/install.md", "docs/reference.md", "docs/promises.md", "docs/glossary.md")


def lay_out(root: Path, changelog: str) -> None:
    """Put what the wheel brought into ``/opt/cbvir/share`` where Debian looks for it, and add documents."""
    share = root / PREFIX.relative_to("/") / "share"
    _units(root, share / "cbvir")
    _move(share / "man", root / "usr/share/man")
    _move(share / "bash-completion", root / "usr/share/bash-completion")
    _move(share / "fish", root / "usr/share/fish")
    _move(share / "zsh/site-functions", root / "usr/share/zsh/vendor-completions")
    (share / "zsh").rmdir()
    for page in (root / "usr/share/man").rglob("*.[18]"):
        _compress(page)
    for program in ("cbvird", "cbvirctl"):
        link = root / "usr/bin" / program
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(PREFIX / "bin" / program)
    _documents(root / "usr/share/doc/cbvir", changelog)
    _copy(HERE / "lintian-overrides", root / "usr/share/lintian/overrides/cbvir")
    _set_modes(root)


def _units(root: Path, brought: Path) -> None:
    units = brought / "systemd"
    for unit in ("cbvird.service", "cbvird.socket"):
        _copy(units / unit, root / "usr/lib/systemd/system" / unit)
        text = (units / "user" / unit).read_text("utf-8")
        target = root / "usr/lib/systemd/user" / unit
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("%h/.local/bin/cbvird", f"{PREFIX}/bin/cbvird"), "utf-8")
    _copy(units / "cbvir.sysusers", root / "usr/lib/sysusers.d/cbvir.conf")
    _copy(units / "cbvir.tmpfiles", root / "usr/lib/tmpfiles.d/cbvir.conf")
    _copy(units / "network.conf", root / "usr/share/doc/cbvir/examples/network.conf")
    _copy(brought / "config.toml", root / "etc/cbvir/config.toml")
    shutil.rmtree(brought)


def _documents(folder: Path, changelog: str) -> None:
    for name in DOCUMENTS:
        _copy(REPOSITORY / name, folder / Path(name).name)
    _copy(REPOSITORY / "CHANGELOG.md", folder / "CHANGELOG.md")
    _copy(HERE / "copyright", folder / "copyright")
    file = folder / "changelog"
    file.write_text(changelog, "utf-8")
    _compress(file)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _compress(file: Path) -> None:
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    file.unlink()


def _set_modes(root: Path) -> None:
    """Let everybody read everything, whatever the umask of the builder is; libraries are no programs."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            program = path.stat().st_mode & 0o100 and ".so" not in path.suffixes
            path.chmod(0o755 if path.is_dir() or program else 0o644)
