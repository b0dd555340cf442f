"""The way of weight files into a profile: fetched from the internet, or carried by hand.

This part of the profiles needs the networks, because a file is taken in only after its network has loaded
it.  Whatever fails, the profile stays as it was: files are read, proven and written in a folder of their
own before they take their places.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from cbvir_core.embed.torch_work import do_apart, holds_torch
from cbvir_core.errors import (
    TORCH_MISSING,
    InputError,
    ModelError,
    PackageMissing,
    WeightsDamaged,
    has_torch,
)
from cbvir_core.files import no_room
from cbvir_core.weights import (
    PUBLISHED_NAMES,
    DownloadProgress,
    ProfileInfo,
    Role,
    WeightsSource,
    download,
    expect_role,
    has_hash_of_name,
    list_profiles,
    official_sources,
    profile_folder,
    read_header,
    role_of,
    take_files,
    verify,
    weight_file,
)


def fetch_profile(
    name: str,
    models_dir: Path,
    progress: DownloadProgress | None = None,
    *,
    sources: Sequence[WeightsSource] | None = None,
) -> ProfileInfo:
    """Fetch a profile's published files; each is usable as soon as it is here.

    Files that are present and good are left alone.  `sources` names other addresses; without it only
    ``moreso`` can be fetched.  Raise DownloadFailed, WeightsDamaged, WeightsMismatch, DiskFull, InputError,
    and PackageMissing before anything is fetched where PyTorch is not installed.
    """
    folder = profile_folder(name, models_dir)
    if sources is None and name != "moreso":
        raise InputError(_not_published(name))
    good = {check.path for check in verify(models_dir) if check.good}
    for source in official_sources() if sources is None else sources:
        if weight_file(folder, source.role) not in good:
            if not has_torch():
                raise PackageMissing(TORCH_MISSING)
            fetched = download(source.url, models_dir / ".downloads", progress)
            try:
                import_files(name, [fetched], models_dir, role=source.role)
            except ModelError as error:
                raise error.about(source.url) from error
            finally:
                fetched.unlink()
    return next(info for info in list_profiles(models_dir) if info.name == name)


def import_files(
    name: str, paths: Sequence[Path], models_dir: Path, *, role: Role | None = None
) -> ProfileInfo:
    """Take weight files into a profile, each for the role that its content tells, or for `role` only.

    Understands cbvir's own files, plain safetensors of the same tensors, and published ``.pth`` checkpoints
    of the architectures in the registry.  Raise WeightsMissing, WeightsDamaged, WeightsMismatch, DiskFull,
    PackageMissing where PyTorch is not installed, and InputError for a name that cannot be imported to or
    two files of one role.
    """
    if name == "builtin":
        raise InputError("the built-in weights are part of cbvir; import under another name")
    if not paths:
        raise InputError("name at least one weight file to import")
    folder = profile_folder(name, models_dir)
    with no_room(models_dir):
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=models_dir) as staged:
            for path in paths:
                _stage(path, Path(staged), role)
            take_files(Path(staged), folder)
    return next(info for info in list_profiles(models_dir) if info.name == name)


def convert_checkpoint(path: Path, target: Path) -> Path:
    """Write any weight file that cbvir understands to `target` in its own format, and return `target`.

    A process that does not hold PyTorch has another one do it.  Raise WeightsMissing, WeightsDamaged,
    WeightsMismatch, DiskFull, PackageMissing.
    """
    if not holds_torch():
        do_apart("prove", path, target)
        return target
    from cbvir_core.embed.torch_process import prove_weights

    prove_weights(path, target)
    return target


def _not_published(name: str) -> str:
    if name == "builtin":
        return "the built-in weights are part of cbvir and are not fetched; to mend them, install cbvir again"
    return f"profile {name!r} has no published files; use `cbvirctl models import {name} FILE...`"


def _stage(path: Path, staged: Path, wanted: Role | None) -> None:
    """Write a file in cbvir's own format under the name of its role."""
    published = {source.file_name for source in official_sources()}
    if path.name in published | PUBLISHED_NAMES.keys() and not has_hash_of_name(path, path.name):
        raise WeightsDamaged("does not have the SHA-256 that its name tells; get the file again", path=path)
    proven = convert_checkpoint(path, staged / "proven")
    header = read_header(proven)
    role = wanted or role_of(header)
    expect_role(path, header, role)
    if weight_file(staged, role).exists():
        raise InputError(f"is a second file for the {role}; a profile has one of each", path=path)
    proven.rename(weight_file(staged, role))
