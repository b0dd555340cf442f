"""Which weights a profile means, what is said where they are not there, and what verify finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cbvir_core.embed import find_profile, import_files, list_profiles, profiles, verify
from cbvir_core.errors import InputError, WeightsMissing


@pytest.fixture
def builtin(tmp_path: Path, filter_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder with a built-in filter."""
    folder = tmp_path / "package" / "builtin"
    folder.mkdir(parents=True)
    shutil.copy(filter_file, folder / "filter.safetensors")
    monkeypatch.setattr(profiles, "BUILTIN_FOLDER", folder)
    return folder


def test_auto_prefers_moreso(builtin: Path, filter_file: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = find_profile("auto", models)
    assert (first.name, first.filter.parent, first.refine) == ("builtin", builtin, None)
    assert find_profile("auto", None) == first
    import_files("moreso", [filter_file], models)
    assert find_profile("auto", models).name == "moreso"
    assert find_profile("builtin", models) == first


def test_what_is_missing_and_what_to_do(builtin: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="models fetch moreso"):
        find_profile("moreso", tmp_path)
    with pytest.raises(WeightsMissing, match="models import own FILE"):
        find_profile("own", tmp_path)
    with pytest.raises(WeightsMissing, match="folder for models"):
        find_profile("own", None)
    (builtin / "filter.safetensors").unlink()
    with pytest.raises(WeightsMissing, match="models fetch moreso"):
        find_profile("auto", tmp_path)
    with pytest.raises(InputError, match="cannot name a profile"):
        find_profile("../etc", tmp_path)


def test_list_shows_every_profile(builtin: Path, filter_file: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    import_files("mine", [filter_file], models)
    (models / "mine" / "refine.safetensors").write_bytes(b"rubbish")
    found = {info.name: info for info in list_profiles(models)}
    assert list(found) == ["builtin", "mine", "moreso"]
    assert [found[name].usable for name in found] == [True, True, False]
    good, bad = found["mine"].files
    assert good.header is not None
    assert good.header.label == "random, seed 0"
    assert bad.header is None
    assert bad.problem is not None
    assert "damaged" in bad.problem
    assert [info.name for info in list_profiles(None)] == ["builtin"]


def test_verify(builtin: Path, filter_file: Path, solar_file: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("changed", "gone", "whole"):
        import_files(name, [filter_file, solar_file], models)
    changed = models / "changed" / "filter.safetensors"
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    (models / "gone" / "refine.safetensors").unlink()
    found = {(check.profile, check.path.name): (check.good, check.message) for check in verify(models)}
    assert found["builtin", "filter.safetensors"][0]
    assert found["whole", "refine.safetensors"] == (True, "good")
    assert not found["changed", "filter.safetensors"][0]
    assert "SHA-256" in found["changed", "filter.safetensors"][1]
    assert not found["gone", "refine.safetensors"][0]
    assert "missing" in found["gone", "refine.safetensors"][1]
