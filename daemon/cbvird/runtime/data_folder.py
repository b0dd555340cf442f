"""The data folder, made closed to others and kept apart from watched folders.

Stills and paths are for those who may ask the service, and what it writes is not to be watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import structlog

from cbvir_core.errors import ConfigError, StoreError

LOG = structlog.get_logger(__name__)

KEEP_APART = (
    "stop cbvird, move the data folder to a place outside of watched folders, and name it in service.data_dir"
)

DATA_FOLDER_MODE = 0o750
"""Whatever the umask of a service that is started by hand: the usual one lets everybody read."""


def make_data_folder(folder: Path, watched: Iterable[Path] = ()) -> None:
    """Make the data folder where there is none; one that is there keeps its permissions.

    Warns where it and one of the `watched` folders lie in each other.  Raises ConfigError where something
    else lies there, and StoreError where it cannot be made.
    """
    try:
        folder.mkdir(mode=DATA_FOLDER_MODE, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"the data folder {folder} is no folder; set service.data_dir to one") from None
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}; make it, and let this user write to it, "
            "or set service.data_dir",
            path=folder,
        ) from None
    for said in overlaps(watched, folder):
        LOG.warning(said)


def overlap(watched: Path, data_dir: Path) -> str:
    """Return how a watched folder and the data folder lie in each other; empty where they do not."""
    if watched == data_dir:
        return f"the watched folder {watched} is the data folder"
    if data_dir.is_relative_to(watched):
        return f"the data folder {data_dir} lies in the watched folder {watched}"
    if watched.is_relative_to(data_dir):
        return f"the watched folder {watched} lies in the data folder {data_dir}"
    return ""


def overlaps(watched: Iterable[Path], data_dir: Path) -> Iterator[str]:
    """Yield a sentence with what to do for each watched folder that `overlap` tells of."""
    for folder in watched:
        if said := overlap(folder, data_dir):
            yield f"{said}; keep them apart: {KEEP_APART}"
