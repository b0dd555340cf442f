"""The import of weight files: every format, every kind of damage, and the profile that stays."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torchvision.models import mobilenet_v2

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, import_files
from cbvir_core.embed.solar import SolarDescriptor
from cbvir_core.errors import (
    CbvirError,
    DiskFull,
    InputError,
    WeightsDamaged,
    WeightsMismatch,
    WeightsMissing,
)
from cbvir_core.weights import (
    checksums,
    find_profile,
    fingerprint,
    list_profiles,
    read_weights,
    verify,
    write_weights,
)


@pytest.fixture(scope="module")
def torchvision_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint as torchvision publishes them."""
    path = tmp_path_factory.mktemp("torchvision") / "mobilenet_v2.pth"
    torch.save(mobilenet_v2(weights=None).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def published_solar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint as SOLAR's authors publish it, of the smallest backbone."""
    path = tmp_path_factory.mktemp("solar") / "resnet18-solar.pth"
    meta = {"architecture": "resnet18", "pooling": "gem", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1]}
    torch.save({"meta": meta, "state_dict": SolarDescriptor("resnet18").state_dict()}, path)
    return path


def test_published_checkpoints(torchvision_file: Path, published_solar: Path, tmp_path: Path) -> None:
    info = import_files("moreso", [torchvision_file, published_solar], tmp_path)
    assert info.usable
    assert [(file.role, file.problem) for file in info.files] == [("filter", None), ("refine", None)]
    profile = find_profile("auto", tmp_path)
    assert profile.name == "moreso"
    header, state = read_weights(profile.filter)
    assert (header.architecture, header.preprocess.height, header.preprocess.width) == (
        "mobilenet_v2",
        224,
        224,
    )
    assert not any(name.startswith("classifier") for name in state)
    assert profile.refine is not None
    solar = read_weights(profile.refine)[0]
    assert (solar.architecture, solar.preprocess.long_side) == ("solar-resnet18", 512)
    assert solar.preprocess.mean == (0.5, 0.4, 0.3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moreso"]
    assert NetworkEncoder(profile.filter, "filter", RuntimeOptions(runtime="torch", device="cpu")).dim == 1280


def test_own_files_keep_their_fingerprint(filter_file: Path, solar_file: Path, tmp_path: Path) -> None:
    import_files("mine", [solar_file, filter_file], tmp_path)
    profile = find_profile("mine", tmp_path)
    assert fingerprint(profile.filter) == fingerprint(filter_file)
    assert profile.refine is not None
    assert fingerprint(profile.refine) == fingerprint(solar_file)


def test_plain_safetensors(torchvision_file: Path, tmp_path: Path) -> None:
    state = {name: value.half() for name, value in torch.load(torchvision_file, weights_only=True).items()}
    safetensors.torch.save_file(state, tmp_path / "plain.safetensors")
    import_files("half", [tmp_path / "plain.safetensors"], tmp_path / "models")
    stored = safetensors.torch.load_file(find_profile("half", tmp_path / "models").filter)
    assert stored["features.0.0.weight"].dtype == torch.float16


def test_checksums_are_those_of_sha256sum(filter_file: Path, tmp_path: Path) -> None:
    import_files("mine", [filter_file], tmp_path)
    checks = {check.path.name: check for check in verify(tmp_path) if check.profile == "mine"}
    assert checks["filter.safetensors"].good
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
        assert subprocess.run(command, cwd=tmp_path / "mine", check=False).returncode == 0


def test_roles_are_replaced_one_by_one(filter_file: Path, solar_file: Path, tmp_path: Path) -> None:
    import_files("mine", [solar_file], tmp_path)
    with pytest.raises(WeightsMissing):
        find_profile("mine", tmp_path)
    import_files("mine", [filter_file], tmp_path)
    assert find_profile("mine", tmp_path).refine is not None
    assert [check.good for check in verify(tmp_path) if check.profile == "mine"] == [True, True]


class Exploit:
    """Code in a pickle: it makes a folder where the pickle is read without protection."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.touched),)


def _spoilt(kind: str, folder: Path, good: Path) -> tuple[Path, type[CbvirError], str]:
    path = folder / f"{kind}.pth"
    if kind == "missing":
        return path, WeightsMissing, "not there"
    if kind == "code":
        torch.save({"state_dict": Exploit(folder / "touched")}, path)
        return path, WeightsDamaged, "was not run"
    if kind == "bare pickle":
        path.write_bytes(pickle.dumps(Exploit(folder / "touched")))
        return path, WeightsDamaged, "was not run"
    if kind == "truncated":
        path.write_bytes(good.read_bytes()[:-5000])
        return path, WeightsDamaged, "cut short"
    if kind == "empty":
        path.touch()
        return path, WeightsDamaged, "cut short"
    if kind == "text":
        path.write_text("<!DOCTYPE html> this is what a captive portal sends")
        return path, WeightsDamaged, "weight file"
    if kind == "table":
        path.write_text("root:x:0:0:root:/root:/bin/bash\n")  # reads as opcodes that want a stack
        return path, WeightsDamaged, "weight file"
    if kind == "text of another name":
        path = path.with_suffix(".safetensors")
        path.write_text("these are no weights")
        return path, WeightsDamaged, "weight file"
    if kind == "another network":
        torch.save({"layer1.weight": torch.ones(3)}, path)
        return path, WeightsMismatch, "neither MobileNetV2 nor SOLAR"
    if kind == "wrong hash":
        path = folder / "mobilenet_v2-7ebf99e0.pth"
        shutil.copy(good, path)
        return path, WeightsDamaged, "SHA-256"
    if kind == "no state dict":
        torch.save([1, 2, 3], path)
        return path, WeightsMismatch, "no state dict"
    state = torch.load(good, weights_only=True)
    if kind == "incomplete":
        del state["features.5.conv.3.weight"]
        expected: tuple[type[CbvirError], str] = (WeightsMismatch, "not the weights of MobileNetV2")
    else:
        state["features.5.conv.2.weight"][0] = float("nan")
        expected = (WeightsDamaged, "no numbers")
    torch.save(state, path)
    return path, *expected


@pytest.mark.parametrize(
    "kind",
    [
        "missing",
        "code",
        "bare pickle",
        "table",
        "text of another name",
        "truncated",
        "empty",
        "text",
        "another network",
        "wrong hash",
        "no state dict",
        "incomplete",
        "not numbers",
    ],
)
def test_a_bad_file_is_named_and_the_profile_stays(
    kind: str, tmp_path: Path, torchvision_file: Path, filter_file: Path
) -> None:
    models = tmp_path / "models"
    import_files("mine", [filter_file], models)
    path, error, words = _spoilt(kind, tmp_path, torchvision_file)
    with pytest.raises(error, match=words) as raised:
        import_files("mine", [path], models)
    assert str(path) in str(raised.value)
    assert not (tmp_path / "touched").exists()
    assert fingerprint(find_profile("mine", models).filter) == fingerprint(filter_file)
    assert all(check.good for check in verify(models) if check.profile == "mine")
    assert [path.name for path in models.iterdir()] == ["mine"]


def test_nothing_is_taken_where_one_of_several_is_bad(
    filter_file: Path, torchvision_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="second file for the filter"):
        import_files("mine", [filter_file, torchvision_file], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_while_files_take_their_places_leaves_no_wrong_checksum(
    filter_file: Path, solar_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_files("mine", [filter_file, solar_file], tmp_path)
    header, state = read_weights(filter_file)
    write_weights(tmp_path / "other", state | {"pool.p": torch.tensor(2.0)}, header)
    write = checksums.write_checksums
    calls: list[Path] = []

    def killed(folder: Path, kept: dict[str, str]) -> None:
        calls.append(folder)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(folder, kept)

    monkeypatch.setattr(checksums, "write_checksums", killed)
    with pytest.raises(KeyboardInterrupt):
        import_files("mine", [tmp_path / "other"], tmp_path)
    profile = find_profile("mine", tmp_path)
    assert profile.trouble is None
    assert fingerprint(profile.filter) == fingerprint(tmp_path / "other")
    assert profile.refine is not None


def test_full_disk(filter_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_files("mine", [filter_file], tmp_path)

    def refuse(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(DiskFull):
        import_files("mine", [filter_file], tmp_path)
    assert all(check.good for check in verify(tmp_path) if check.profile == "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_names_that_cannot_be(filter_file: Path, tmp_path: Path) -> None:
    for name in ("auto", "builtin", "../evil", "", "Mine", "a b", ".hidden"):
        with pytest.raises(InputError):
            import_files(name, [filter_file], tmp_path)
    with pytest.raises(InputError, match="at least one"):
        import_files("mine", [], tmp_path)
    assert {info.name for info in list_profiles(tmp_path)} == {"builtin", "moreso"}
