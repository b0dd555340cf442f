"""The data folder that the service makes: who may look into it, and what is said where it cannot be made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.errors import ConfigError, StoreError
from cbvird.runtime.data_folder import make_data_folder


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


@pytest.mark.parametrize("name", ["file", "file/data"])
def test_a_file_in_its_place_is_a_mistake_of_the_configuration(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"{name} is no folder; set service.data_dir"):
        make_data_folder(tmp_path / name)


def test_a_place_that_takes_no_folder_is_named_with_advice() -> None:
    with pytest.raises(StoreError, match=r"/proc/data.* cannot be made.*set service.data_dir"):
        make_data_folder(Path("/proc/data"))
