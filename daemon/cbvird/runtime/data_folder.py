"""The data folder, made closed to others: stills and paths are for those who may ask the service."""

from __future__ import annotations

from pathlib import Path

from cbvir_core.errors import ConfigError, StoreError

DATA_FOLDER_MODE = 0o750
"""Whatever the umask of a service that is started by hand: the usual one lets everybody read."""


def make_data_folder(folder: Path) -> None:
    """Make the data folder where there is none; one that is there keeps its permissions.

    Raises ConfigError where something else lies there, and StoreError where it cannot be made.
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
