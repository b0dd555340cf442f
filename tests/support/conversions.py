"""Weight files and converted networks that tests share: made once per machine, not once per run or library.

A seeded network takes two seconds to make, and the conversion of one for OpenVINO three.  Every library looks
at frames with the built-in filter, also one whose profile has other weights.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, ViewEncoder
from cbvir_core.embed.conversions import conversion
from cbvir_core.weights import Role, find_profile, fingerprint

REPOSITORY = Path(__file__).resolve().parents[2]
MAKING_CODE = (
    "cbvir_core/embed",
    "cbvir_core/sequences",
    "cbvir_core/visil",
    "cbvir_core/weights",
    "tests/support/conversions.py",
    "tests/support/networks.py",
    "tests/support/scenery.py",
)
"""What makes networks and conversions; another content of these files makes another folder."""

MAKING_PACKAGES = ("numpy", "opencv-python-headless", "openvino", "torch", "torchvision")
KEPT_DAYS = 7.0
"""Days after which a folder that no run has used is deleted."""


@cache
def kept_networks() -> Path:
    """Return the folder that keeps networks for all runs of this code on this machine.

    It lies in the user's cache folder, or, where that cannot be written, among temporary files.
    """
    for parent in (_user_cache(), Path(tempfile.gettempdir()) / f"cbvir-{os.getuid()}"):
        folder = parent / "cbvir-tests" / _key()
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
            _drop_old(folder.parent)
            return folder
    raise OSError("neither the cache folder nor the folder of temporary files can be written")


def kept_file(name: str, make: Callable[[Path], object]) -> Path:
    """Return a file of the kept ones; `make` writes it where it is not there yet."""
    path = kept_networks() / name
    with _one_process(name):
        if not path.exists():
            unfinished = path.with_name(f"{name}.unfinished")
            make(unfinished)
            unfinished.rename(path)
    return path


def encoder_cache() -> Path:
    """Return a cache for encoders that no library owns; nothing is ever deleted there."""
    return kept_networks() / "conversions"


def bring_conversion(cache: Path, weights: Path, role: Role, *, views: bool = False) -> None:
    """Put the converted network of a weight file into the cache of a library, which deletes what it does not
    use there."""
    name = conversion(cache, fingerprint(weights), views=views).name
    kept = encoder_cache() / name
    with _one_process(name):
        if not kept.exists():
            options = RuntimeOptions(device="cpu", runtime="openvino", cache=encoder_cache())
            ViewEncoder(weights, options).load() if views else NetworkEncoder(weights, role, options)
    shutil.copytree(kept, cache / name, dirs_exist_ok=True)


def bring_builtin(cache: Path) -> Path:
    """Put the converted built-in networks into the cache of a library, and return it."""
    profile = find_profile("builtin", None)
    assert profile.refine is not None
    bring_conversion(cache, profile.filter, "filter")
    bring_conversion(cache, profile.filter, "filter", views=True)
    bring_conversion(cache, profile.refine, "refine")
    return cache


@contextmanager
def _one_process(name: str) -> Iterator[None]:
    with (kept_networks() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def _key() -> str:
    """Return 32 hexadecimal digits over the code, the built-in weights and the versions of the packages."""
    digest = hashlib.blake2b(digest_size=16)
    for name in MAKING_CODE:
        place = REPOSITORY / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"{path.relative_to(REPOSITORY)}\0".encode() + path.read_bytes())
    for package in MAKING_PACKAGES:
        digest.update(f"{package} {version(package)}\0".encode())
    return digest.hexdigest()


def _drop_old(folder: Path) -> None:
    """Delete what runs of former code have left."""
    for former in folder.iterdir():
        with suppress(OSError):
            if time.time() - former.stat().st_mtime > KEPT_DAYS * 24 * 3600:
                shutil.rmtree(former)
