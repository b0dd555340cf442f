"""The whole package in a Debian of its own: installed, upgraded beside a running service, removed, purged.

systemd does not run in there.  A stand-in for systemctl starts and stops the real service as the unit says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packages.deb.build import build
from support.films import draw_film

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

HERE = Path(__file__).resolve().parent
MIRROR = "http://deb.debian.org/debian"
INCLUDED = "python3,init-system-helpers,systemd"

Inside = Callable[..., str]


def needed(program: str) -> str:
    path = shutil.which(program)
    if path is None or os.geteuid() != 0:
        pytest.skip(f"{program} and the rights of root are wanted")
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of this source; `CBVIR_WHEELS` names a folder of wheels, else pip fetches them."""
    needed("dpkg-deb")
    wheels = os.environ.get("CBVIR_WHEELS")
    into = tmp_path_factory.mktemp("package")
    return build(Path("/usr/bin/python3"), into, Path(wheels) if wheels else None)


@pytest.fixture(scope="module")
def root(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new Debian of the version that runs here, with /proc and /dev, and a film in /srv/films."""
    folder = tmp_path_factory.mktemp("debian")
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line)
    command = [needed("debootstrap"), "--variant=minbase", f"--include={INCLUDED}"]
    done = subprocess.run(
        [*command, release["VERSION_CODENAME"], folder, MIRROR], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no Debian could be made: {done.stdout[-300:]}")
    shutil.copy(package, folder / "tmp" / "cbvir.deb")
    shutil.copy(HERE / "standin_systemctl", folder / "usr/bin/systemctl")
    (folder / "usr/bin/systemctl").chmod(0o755)
    (folder / "run/systemd/system").mkdir(parents=True)
    (folder / "srv/films").mkdir()
    draw_film(folder / "srv/films/film.mp4", seed=5, shots=4, size=(320, 180), rate=12)
    (folder / "srv/films/film.mp4").chmod(0o644)
    subprocess.run(["mount", "-t", "proc", "proc", folder / "proc"], check=True)
    subprocess.run(["mount", "--bind", "/dev", folder / "dev"], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["chroot", folder, "systemctl", "stop", "cbvird.service"], check=False)
        subprocess.run(["umount", folder / "dev", folder / "proc"], check=True)


def test_lintian_finds_no_error(package: Path) -> None:
    lintian = needed("lintian")
    done = subprocess.run(
        [lintian, "--allow-root", "--fail-on", "error", package], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_life_of_the_package(root: Path) -> None:
    def inside(*command: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["chroot", root, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"},
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    _beside_an_installation_by_hand(root, inside)
    _installed(root, inside)
    service = _running(root, inside)
    _upgraded(root, inside, service)
    _removed_and_purged(root, inside)


def _beside_an_installation_by_hand(root: Path, inside: Inside) -> None:
    (root / "opt/cbvir").mkdir()
    (root / "opt/cbvir/pyvenv.cfg").touch()
    assert "installation by hand in /opt/cbvir" in inside("dpkg", "-i", "/tmp/cbvir.deb", fails=True)
    shutil.rmtree(root / "opt/cbvir")


def _installed(root: Path, inside: Inside) -> None:
    said = inside("dpkg", "-i", "/tmp/cbvir.deb")
    assert "name the folders of your videos in /etc/cbvir/config.toml" in said
    assert "cbvir" in inside("id", "cbvir")
    assert (root / "run/cbvir").stat().st_mode & 0o777 == 0o750
    assert inside("cbvirctl", "--version").startswith("cbvirctl ")
    assert inside("cbvird", "--version").startswith("cbvird ")
    assert inside("dpkg", "--verify", "cbvir") == ""
    assert not (root / "run/standin.done").exists()  # nothing runs before it is told what to watch


def _running(root: Path, inside: Inside) -> int:
    configuration = root / "etc/cbvir/config.toml"
    text = configuration.read_text()
    assert 'folders = ["~/Videos"]' in text
    configuration.write_text(text.replace('folders = ["~/Videos"]', 'folders = ["/srv/films"]'))
    for place, unit in (("multi-user", "cbvird.service"), ("sockets", "cbvird.socket")):
        wants = root / "etc/systemd/system" / f"{place}.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")
    inside("systemctl", "start", "cbvird.service")
    _await_service(root)
    assert "1 indexed" in inside("cbvirctl", "wait", "--timeout", "300")
    return int((root / "run/standin.pid").read_text())


def _upgraded(root: Path, inside: Inside, before: int) -> None:
    inside("dpkg", "-i", "/tmp/cbvir.deb")
    done = (root / "run/standin.done").read_text().splitlines()
    # It was stopped while the old programs were there, and started when the new ones were.
    assert done[:2] == [f"started {before}", f"stopped {before}, programs there: /opt/cbvir/bin/cbvird"]
    after = int((root / "run/standin.pid").read_text())
    assert done[2:] == [f"started {after}"]
    _await_service(root)
    assert "/srv/films/film.mp4" in inside("cbvirctl", "videos", "list")
    assert 'folders = ["/srv/films"]' in (root / "etc/cbvir/config.toml").read_text()
    assert inside("dpkg", "--verify", "cbvir").split() == ["??5??????", "c", "/etc/cbvir/config.toml"]


def _removed_and_purged(root: Path, inside: Inside) -> None:
    assert "stay; apt-get purge cbvir removes them" in inside("dpkg", "--remove", "cbvir")
    assert not (root / "run/standin.pid").exists()
    assert not (root / "opt/cbvir").exists()
    assert list((root / "var/lib/cbvir").iterdir())
    assert (root / "etc/cbvir/config.toml").exists()
    said = inside("dpkg", "--purge", "cbvir")
    assert "removing the library in /var/lib/cbvir and the configuration in /etc/cbvir" in said
    left = [path for name in ("var/lib", "etc", "run", "opt") if (path := root / name / "cbvir").exists()]
    assert left == []
    assert list((root / "etc/systemd/system").rglob("cbvird.*")) == []
    assert (root / "srv/films/film.mp4").exists()


def _await_service(root: Path) -> None:
    deadline = time.monotonic() + 120
    while not (root / "run/cbvir/cbvir.sock").exists():
        assert time.monotonic() < deadline, (root / "run/standin.log").read_text()
        time.sleep(0.2)
