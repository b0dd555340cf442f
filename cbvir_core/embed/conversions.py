"""The folder of converted networks: one folder per network, there whole or not at all.

Deleting one is always safe: a process that has read it keeps it, one that wants it converts anew.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GRAPH_VERSION = 1
"""Part of a converted network's name; raised whenever the torch networks compute something else."""

_NAME = re.compile(r"[0-9a-f]{32}-\d+")
_UNFINISHED = ".unfinished-"
LEFT_BEHIND_S = 24 * 3600.0
"""An unfinished folder of this age is a dead process's: the largest conversion takes minutes."""


def conversion(cache: Path, fingerprint: str) -> Path:
    """Where the converted network of some weights is."""
    return cache / f"{fingerprint}-{GRAPH_VERSION}"


@contextmanager
def written_whole(kept: Path) -> Iterator[Path]:
    """A folder to write a conversion into; it becomes `kept`, unless another process was first."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(kept.parent) as folder:
        yield folder
        with suppress(OSError):
            folder.rename(kept)


def drop_conversion(kept: Path) -> None:
    """Deletes a converted network in one step for everybody who might read it."""
    with suppress(OSError), _unfinished(kept.parent) as folder:
        kept.rename(folder)


def drop_unused(
    cache: Path, used: Collection[str], also_used: Callable[[], Collection[str]] = frozenset
) -> list[str]:
    """Deletes what no weights of these fingerprints need, and what dead processes left; gives the names.

    `also_used` is only asked where something else than `used` is there.
    """
    unused = {path.name for path in cache.glob("*") if _NAME.fullmatch(path.name)}
    unused -= {conversion(cache, fingerprint).name for fingerprint in used}
    if unused:
        unused -= {conversion(cache, fingerprint).name for fingerprint in also_used()}
    for name in unused:
        drop_conversion(cache / name)
    for path in cache.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_BEHIND_S:
                shutil.rmtree(path, ignore_errors=True)
    return sorted(unused)


@contextmanager
def _unfinished(cache: Path) -> Iterator[Path]:
    """A folder inside a temporary one, which takes with it whatever is still there at the end."""
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=cache, ignore_cleanup_errors=True) as made:
        yield Path(made) / "network"
