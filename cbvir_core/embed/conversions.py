"""The cache of converted networks: one folder per network, which is there completely or not at all.

Deleting one is always safe: a process that has read it keeps the network in memory, and a process that
needs it converts it again.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CONVERSION_VERSION = 1
"""Part of a converted network's name; raised whenever the torch networks compute something else."""

_CONVERSION_NAME = re.compile(r"[0-9a-f]{32}-\d+(-views)?")
_UNFINISHED = ".unfinished-"
ABANDONED_AFTER_S = 24 * 3600.0
"""Age at which an unfinished folder must be of a dead process: the largest conversion takes minutes."""


def conversion(cache: Path, fingerprint: str, *, views: bool = False) -> Path:
    """Return the folder of the converted network of some weights, or of its form with `views`."""
    return cache / f"{fingerprint}-{CONVERSION_VERSION}{'-views' if views else ''}"


@contextmanager
def written_whole(kept: Path) -> Iterator[Path]:
    """Yield a folder to write a conversion into; it becomes `kept`, unless another process was first."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(kept.parent) as folder:
        yield folder
        with suppress(OSError):
            folder.rename(kept)


def drop_conversion(kept: Path) -> None:
    """Delete a converted network; for a process that reads it, it vanishes in one step."""
    with suppress(OSError), _unfinished(kept.parent) as folder:
        kept.rename(folder)


def drop_unused(
    cache: Path, used: Collection[str], also_used: Callable[[], Collection[str]] = frozenset
) -> list[str]:
    """Delete conversions of other weights than those used, and what dead processes left; return the names.

    `also_used` is called only where a conversion is found that is not in `used`.
    """
    unused = {path.name for path in cache.glob("*") if _CONVERSION_NAME.fullmatch(path.name)}
    unused -= _names(cache, used)
    if unused:
        unused -= _names(cache, also_used())
    for name in unused:
        drop_conversion(cache / name)
    for path in cache.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
                shutil.rmtree(path, ignore_errors=True)
    return sorted(unused)


def _names(cache: Path, fingerprints: Collection[str]) -> set[str]:
    """Return the names that conversions of these weights have."""
    return {
        conversion(cache, fingerprint, views=views).name
        for fingerprint in fingerprints
        for views in (False, True)
    }


@contextmanager
def _unfinished(cache: Path) -> Iterator[Path]:
    """Yield a folder inside a temporary one, which is deleted at the end with all that is still in it."""
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=cache, ignore_cleanup_errors=True) as made:
        yield Path(made) / "network"
