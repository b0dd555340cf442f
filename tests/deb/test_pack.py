"""The Debian package, made of a small environment: what lies where, and what dpkg reads of it."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from cbvir_core.version import VERSION
from packages.deb.build import SCRIPTS, pack
from packages.deb.environment import PREFIX, relocate
from packages.deb.tree import HERE, REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")

PROGRAMS = ("cbvird", "cbvirctl")


def small_environment(root: Path) -> Path:
    """A folder as pip leaves it, with what the wheel brings beside the modules."""
    folder = root / PREFIX.relative_to("/")
    (folder / "bin").mkdir(parents=True)
    for program in PROGRAMS:
        (folder / "bin" / program).write_text(f"#!{folder}/bin/python3.11\nprint('hello')\n")
        (folder / "bin" / program).chmod(0o700)
    (folder / "bin" / "python3.11").symlink_to("/usr/bin/python3.11")
    (folder / "bin" / "activate").write_text(f"VIRTUAL_ENV={folder}\n")
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\ncommand = /usr/bin/python3 -m venv {folder}\n")
    about = folder / "lib" / "python3.11" / "site-packages" / "cbvir-0.1.0.dist-info"
    about.mkdir(parents=True)
    for name in ("METADATA", "RECORD", "direct_url.json"):
        (about / name).write_text("" if name == "METADATA" else f"{folder}\n")
    files = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "data-files"
    ]
    for place, names in files.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(REPOSITORY / name, folder / place)
    return folder


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    relocate(small_environment(folder / "root"))
    before = os.umask(0o077)
    try:
        return pack(folder / "root", folder, "python3.11")
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def unpacked(package: Path) -> Path:
    folder = package.parent / "unpacked"
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    return folder


def field(package: Path, name: str) -> str:
    done = subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_says_what_it_is_and_what_it_needs(package: Path) -> None:
    assert (field(package, "Package"), field(package, "Version")) == ("cbvir", VERSION)
    assert "python3.11" in field(package, "Depends").split(", ")
    assert int(field(package, "Installed-Size")) > 0


@pytest.mark.parametrize(
    "path",
    [
        "etc/cbvir/config.toml",
        "usr/lib/systemd/system/cbvird.service",
        "usr/lib/systemd/system/cbvird.socket",
        "usr/lib/systemd/user/cbvird.service",
        "usr/lib/systemd/user/cbvird.socket",
        "usr/lib/sysusers.d/cbvir.conf",
        "usr/lib/tmpfiles.d/cbvir.conf",
        "usr/share/bash-completion/completions/cbvirctl",
        "usr/share/bash-completion/completions/cbvird",
        "usr/share/zsh/vendor-completions/_cbvirctl",
        "usr/share/fish/vendor_completions.d/cbvirctl.fish",
        "usr/share/man/man1/cbvirctl.1.gz",
        "usr/share/man/man8/cbvird.8.gz",
        "usr/share/doc/cbvir/copyright",
        "usr/share/doc/cbvir/install.md",
        "usr/share/doc/cbvir/examples/network.conf",
    ],
)
def test_everything_lies_where_debian_looks_and_may_be_read(unpacked: Path, path: str) -> None:
    assert (unpacked / path).stat().st_mode & 0o777 == 0o644
    assert (unpacked / path).parent.stat().st_mode & 0o777 == 0o755


def test_programs_run_in_the_place_where_they_will_lie(unpacked: Path) -> None:
    for program in PROGRAMS:
        assert (unpacked / "usr/bin" / program).readlink() == PREFIX / "bin" / program
        file = unpacked / "opt/cbvir/bin" / program
        assert file.read_text().startswith(f"#!{PREFIX}/bin/python3.11\n")
        assert file.stat().st_mode & 0o777 == 0o755
    unit = (unpacked / "usr/lib/systemd/user/cbvird.service").read_text()
    assert f"ExecStart={PREFIX}/bin/cbvird\n" in unit
    assert f"ExecStart={PREFIX}/bin/cbvird\n" in (HERE.parents[1] / "systemd/cbvird.service").read_text()


def test_nothing_names_the_folder_in_which_it_was_made(package: Path, unpacked: Path) -> None:
    made_in = str(package.parent / "root").encode()
    files = [path for path in unpacked.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 20
    assert [path for path in files if made_in in path.read_bytes()] == []


def test_the_configuration_is_a_conffile_and_every_file_has_its_checksum(unpacked: Path) -> None:
    assert (unpacked / "DEBIAN/conffiles").read_text() == "/etc/cbvir/config.toml\n"
    assert (unpacked / "etc/cbvir/config.toml").read_bytes() == (REPOSITORY / "config.toml").read_bytes()
    done = subprocess.run(
        ["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=unpacked, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_same_source_gives_the_same_package(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for number in range(2):
        folder = package.parent / f"again{number}"
        relocate(small_environment(folder / "root"))
        made.append(pack(folder / "root", folder, "python3.11").read_bytes())
    assert made[0] == made[1]
    changes = gzip.decompress((package.parent / "again0/root/usr/share/doc/cbvir/changelog.gz").read_bytes())
    assert b"Tue, 14 Nov 2023 22:13:20 +0000" in changes


@pytest.mark.parametrize("script", SCRIPTS)
def test_maintainer_scripts_are_understood(unpacked: Path, script: str) -> None:
    file = unpacked / "DEBIAN" / script
    assert file.stat().st_mode & 0o777 == 0o755
    subprocess.run(["sh", "-n", file], check=True)
    if checker := shutil.which("shellcheck"):
        subprocess.run([checker, file], check=True)
