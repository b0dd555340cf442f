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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cbvir_core.embed import openvino_runtime
from cbvir_core.embed.conversions import conversion
from cbvir_core.embed.graph import build_graph
from cbvir_core.weights import find_profile, fingerprint

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
"""Days after which what no run has used is deleted."""

_CONVERT_NETWORK = openvino_runtime.convert_network


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
            _drop_old([*folder.parent.iterdir(), *folder.glob("conversions/*")])
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


def bring_conversion(cache: Path, weights: Path, *, views: bool = False) -> None:
    """Put the converted network of a weight file into the cache of a library, which deletes what it does not
    use there."""
    kept = _kept_conversion(weights, views=views)
    shutil.copytree(kept, cache / kept.name, dirs_exist_ok=True)


def bring_builtin(cache: Path) -> Path:
    """Put the converted built-in networks into the cache of a library, and return it."""
    profile = find_profile("builtin", None)
    assert profile.refine is not None
    bring_conversion(cache, profile.filter)
    bring_conversion(cache, profile.filter, views=True)
    bring_conversion(cache, profile.refine)
    return cache


def kept_or_converted(weights: Path, *, views: bool = False) -> Any:
    """Return what `convert_network` does, but convert nothing twice."""
    return openvino_runtime._read(_kept_conversion(weights, views=views))


def _kept_conversion(weights: Path, *, views: bool) -> Path:
    """Return the folder of a converted network, in which its accuracy in bf16 is noted."""
    kept = conversion(encoder_cache(), fingerprint(weights), views=views)
    with _one_process(kept.name):
        if not kept.exists():
            model = build_graph(weights, views=views) or _CONVERT_NETWORK(weights, views=views)
            openvino_runtime._keep(openvino_runtime._measured(model, weights), kept)
        os.utime(kept)
    return kept


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


def _drop_old(kept: Iterable[Path]) -> None:
    """Delete what runs of former code, and of weights that are no longer made, have left."""
    for folder in kept:
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEPT_DAYS * 24 * 3600:
                shutil.rmtree(folder)
