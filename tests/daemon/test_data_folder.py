"""The data folder that the service makes: who may look into it, and what is said where it cannot be made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cbvir_core.errors import ConfigError, StoreError
from cbvird.runtime.data_folder import KEEP_APART, make_data_folder, overlap


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_it_is_closed_to_others_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    make_data_folder(tmp_path / "deep" / "data")
    assert stat.S_IMODE((tmp_path / "deep" / "data").stat().st_mode) == 0o750 & ~umask


def test_one_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_data_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        ("/media", "the data folder /media/data lies in the watched folder /media"),
        ("/media/data/films", "the watched folder /media/data/films lies in the data folder /media/data"),
        ("/media/data", "the watched folder /media/data is the data folder"),
        ("/media/data2", ""),
        ("/media/films", ""),
    ],
)
def test_watched_folders_and_data_folder_that_lie_in_each_other_are_named(watched: str, said: str) -> None:
    assert overlap(Path(watched), Path("/media/data")) == said


def test_a_warning_says_what_to_do(tmp_path: Path) -> None:
    with capture_logs() as logs:
        make_data_folder(tmp_path / "data", [tmp_path, tmp_path / "films"])
    (warning,) = logs
    said = f"the data folder {tmp_path}/data lies in the watched folder {tmp_path}"
    assert (warning["log_level"], warning["event"]) == ("warning", f"{said}; keep them apart: {KEEP_APART}")


@pytest.mark.parametrize("name", ["file", "file/data"])
def test_a_file_in_its_place_is_a_mistake_of_the_configuration(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"{name} is no folder; set service.data_dir"):
        make_data_folder(tmp_path / name)


def test_a_place_that_takes_no_folder_is_named_with_advice() -> None:
    with pytest.raises(StoreError, match=r"/proc/data.* cannot be made.*set service.data_dir"):
        make_data_folder(Path("/proc/data"))
