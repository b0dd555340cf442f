"""Which weights a profile means, the message where they are missing, and what `verify` finds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cbvir_core.embed import import_files
from cbvir_core.errors import InputError, ModelError, WeightsDamaged, WeightsMissing
from cbvir_core.weights import find_profile, list_profiles, profiles, sha256_of, verify, write_checksums


@pytest.fixture
def builtin(tmp_path: Path, filter_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package folder with a built-in filter."""
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
    with pytest.raises(WeightsMissing, match="install cbvir again"):
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


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("kind", ["flipped", "cut short", "for the other role"])
def test_a_file_that_is_damaged_in_place(
    builtin: Path, filter_file: Path, solar_file: Path, tmp_path: Path, kind: str
) -> None:
    """A damaged refinement is left out; a damaged filter is refused, and `auto` means the built-in one."""
    models = tmp_path / "models"
    import_files("moreso", [filter_file, solar_file], models)
    whole = find_profile("auto", models)
    assert whole.trouble is None
    for role in ("refine", "filter"):
        path = models / "moreso" / f"{role}.safetensors"
        if kind == "flipped":
            flip(path)
        elif kind == "cut short":
            path.write_bytes(path.read_bytes()[:-9])
        else:
            shutil.copy(solar_file if role == "filter" else filter_file, path)
        if role == "refine":
            alone = find_profile("moreso", models)
            assert (alone.filter, alone.refine) == (whole.filter, None)
            assert alone.trouble is not None
            assert f"{path} is" in alone.trouble
            assert "models fetch moreso" in alone.trouble
            assert find_profile("auto", models) == alone
    with pytest.raises(ModelError, match=rf"{path} is .*models fetch moreso"):
        find_profile("moreso", models)
    other = find_profile("auto", models)
    assert (other.name, other.filter.parent) == ("builtin", builtin)
    assert other.trouble is not None
    assert f"{path} is" in other.trouble
    listed = next(info for info in list_profiles(models) if info.name == "moreso")
    assert not listed.usable
    assert all(file.problem for file in listed.files)


def test_a_built_in_file_that_is_damaged_in_place(builtin: Path, filter_file: Path, tmp_path: Path) -> None:
    write_checksums(builtin, {"filter.safetensors": sha256_of(builtin / "filter.safetensors")})
    assert find_profile("builtin", None).trouble is None
    flip(builtin / "filter.safetensors")
    for name in ("builtin", "auto"):
        with pytest.raises(WeightsDamaged, match="install cbvir again"):
            find_profile(name, tmp_path)
    import_files("moreso", [filter_file], tmp_path)
    assert find_profile("auto", tmp_path).name == "moreso"


def test_damage_that_leaves_no_trace_is_seen_by_verify(
    builtin: Path, filter_file: Path, tmp_path: Path
) -> None:
    import_files("mine", [filter_file], tmp_path)
    path = find_profile("mine", tmp_path).filter
    times = path.stat()
    flip(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [check.good for check in verify(tmp_path) if check.profile == "mine"] == [False]
    with pytest.raises(WeightsDamaged):
        find_profile("mine", tmp_path)


def test_verify(builtin: Path, filter_file: Path, solar_file: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("changed", "gone", "whole"):
        import_files(name, [filter_file, solar_file], models)
    flip(models / "changed" / "filter.safetensors")
    (models / "gone" / "refine.safetensors").unlink()
    found = {(check.profile, check.path.name): (check.good, check.message) for check in verify(models)}
    assert found["builtin", "filter.safetensors"][0]
    assert found["whole", "refine.safetensors"] == (True, "good")
    assert not found["changed", "filter.safetensors"][0]
    assert "SHA-256" in found["changed", "filter.safetensors"][1]
    assert not found["gone", "refine.safetensors"][0]
    assert "missing" in found["gone", "refine.safetensors"][1]
