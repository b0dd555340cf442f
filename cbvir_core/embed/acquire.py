"""Bringing weight files into a profile: from the internet, or carried by hand.

Whatever fails, the profile stays as it was: files are read, proven to fit and written in a folder of
their own before they take their places.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cbvir_core.errors import InputError, ModelError, WeightsDamaged, WeightsMismatch
from cbvir_core.files import no_room
from cbvir_core.weights.check import Role, role_of
from cbvir_core.weights.checksums import read_sums, sha256_of, write_sums
from cbvir_core.weights.download import Progress, download, fits_name
from cbvir_core.weights.file import write_weights
from cbvir_core.weights.profiles import ProfileInfo, list_profiles, profile_folder, verify, weight_file

SOLAR_ADDRESS = "https://imperialcollegelondon.box.com/shared/static/fznpeayct6btel2og2wjjgvqw0ziqnk4.pth"
"""Where SOLAR's authors keep ``resnet101-solar-best.pth`` (their repository's download script)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the published file of one role is."""

    role: Role
    url: str

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return Path(urlsplit(self.url).path).name


def official_sources(mirror: str = "") -> tuple[Source, ...]:
    """The published files of ``moreso``: torchvision's MobileNetV2, and SOLAR by its authors.

    `mirror` is the address of a folder that has them under the same names.
    """
    from torchvision.models import MobileNet_V2_Weights

    published = Source("filter", MobileNet_V2_Weights.IMAGENET1K_V2.url), Source("refine", SOLAR_ADDRESS)
    if not mirror:
        return published
    return tuple(Source(source.role, f"{mirror.rstrip('/')}/{source.file_name}") for source in published)


def fetch_profile(
    name: str,
    models_dir: Path,
    progress: Progress | None = None,
    *,
    sources: Sequence[Source] | None = None,
) -> ProfileInfo:
    """Fetches a profile's published files, each one usable as soon as it is here.

    Files that are present and good are left alone.  `sources` names other addresses; without it only
    ``moreso`` can be fetched.  Raises DownloadFailed, WeightsDamaged, WeightsMismatch, DiskFull,
    InputError.
    """
    folder = profile_folder(name, models_dir)
    if sources is None and name != "moreso":
        raise InputError(_not_published(name))
    good = {check.path for check in verify(models_dir) if check.good}
    for source in official_sources() if sources is None else sources:
        if weight_file(folder, source.role) not in good:
            fetched = download(source.url, models_dir / ".downloads", progress)
            try:
                import_files(name, [fetched], models_dir, role=source.role)
            except ModelError as error:
                said = str(error).replace(str(fetched), fetched.name)
                raise type(error)(f"{source.url} gave no usable weights: {said}") from error
            finally:
                fetched.unlink()
    return next(info for info in list_profiles(models_dir) if info.name == name)


def import_files(
    name: str, paths: Sequence[Path], models_dir: Path, *, role: Role | None = None
) -> ProfileInfo:
    """Takes weight files into a profile, each into the role its content tells, or into `role` only.

    Understands cbvir's own files, plain safetensors of the same tensors, and ``.pth`` checkpoints of
    torchvision's MobileNetV2 and of SOLAR.  Raises WeightsMissing, WeightsDamaged, WeightsMismatch,
    DiskFull, and InputError for a name that cannot be imported to or two files of one role.
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
            _take_over(folder, Path(staged))
    return next(info for info in list_profiles(models_dir) if info.name == name)


def _not_published(name: str) -> str:
    if name == "builtin":
        return "the built-in weights are part of cbvir and are not fetched; to mend them, install cbvir again"
    return f"profile {name!r} has no published files; use `cbvirctl models import {name} FILE...`"


def _stage(path: Path, staged: Path, wanted: Role | None) -> None:
    """Writes a file in cbvir's own form under the name of its role."""
    from cbvir_core.embed.checkpoints import read_checkpoint

    if path.name in {source.file_name for source in official_sources()} and not fits_name(path, path.name):
        raise WeightsDamaged(f"{path} does not have the SHA-256 that its name tells; get the file again")
    checkpoint = read_checkpoint(path)
    role = role_of(checkpoint.header)
    if wanted not in (None, role):
        raise WeightsMismatch(f"{path} is for another architecture: {checkpoint.header.architecture}")
    if weight_file(staged, role).exists():
        raise InputError(f"{path} is a second file for the {role}; a profile has one of each")
    write_weights(weight_file(staged, role), checkpoint.state, checkpoint.header)


def _take_over(folder: Path, staged: Path) -> None:
    """Moves staged files to their places.

    Their checksums are taken away before and written afterwards: a crash between leaves files without a
    checksum, not with a wrong one.
    """
    fresh = {file.name: sha256_of(file) for file in staged.iterdir()}
    folder.mkdir(exist_ok=True)
    write_sums(folder, {name: kept for name, kept in read_sums(folder).items() if name not in fresh})
    for name in sorted(fresh):
        (staged / name).replace(folder / name)
    write_sums(folder, read_sums(folder) | fresh)
