"""Bringing weight files into a profile: from the internet, or carried by hand.

Whatever fails, the profile stays as it was: files are read, proven to fit and written in a folder of
their own before they take their places.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.embed.download import Progress, download
from cbvir_core.embed.files import no_room
from cbvir_core.embed.profiles import (
    ProfileInfo,
    Role,
    list_profiles,
    profile_folder,
    role_of,
    verify,
    weight_file,
)
from cbvir_core.embed.sums import SUMS_FILE, read_sums, sha256_of, write_sums
from cbvir_core.embed.weights import write_weights
from cbvir_core.errors import InputError

SOLAR_ADDRESS = "https://imperialcollegelondon.box.com/shared/static/fznpeayct6btel2og2wjjgvqw0ziqnk4.pth"
"""Where SOLAR's authors keep ``resnet101-solar-best.pth`` (their repository's download script)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the published file of one role is."""

    role: Role
    url: str


def official_sources() -> tuple[Source, ...]:
    """The published files of ``moreso``: torchvision's MobileNetV2, and SOLAR by its authors."""
    from torchvision.models import MobileNet_V2_Weights

    return Source("filter", MobileNet_V2_Weights.IMAGENET1K_V2.url), Source("refine", SOLAR_ADDRESS)


def fetch_profile(
    name: str,
    models_dir: Path,
    progress: Progress | None = None,
    *,
    sources: Sequence[Source] | None = None,
) -> ProfileInfo:
    """Fetches a profile's published files, each one usable as soon as it is here.

    Files that are present and good are left alone.  `sources` names other addresses, of a mirror for
    example; without it only ``moreso`` can be fetched.  Raises DownloadFailed, WeightsDamaged,
    WeightsMismatch, DiskFull, InputError.
    """
    if sources is None and name != "moreso":
        raise InputError(
            f"profile {name!r} has no published files; use `cbvirctl models import {name} FILE...`"
        )
    folder = profile_folder(name, models_dir)
    good = {check.path for check in verify(models_dir) if check.good}
    for source in official_sources() if sources is None else sources:
        if weight_file(folder, source.role) not in good:
            fetched = download(source.url, models_dir / ".downloads", progress)
            try:
                import_files(name, [fetched], models_dir)
            finally:
                fetched.unlink()
    return next(info for info in list_profiles(models_dir) if info.name == name)


def import_files(name: str, paths: Sequence[Path], models_dir: Path) -> ProfileInfo:
    """Takes weight files into a profile, each into the role its content tells.

    Understands cbvir's own files, plain safetensors of the same tensors, and ``.pth`` checkpoints of
    torchvision's MobileNetV2 and of SOLAR.  Raises WeightsMissing, WeightsDamaged, WeightsMismatch,
    DiskFull, and InputError for a name that cannot be imported to or two files of one role.
    """
    if name == "builtin":
        raise InputError("the built-in weights come with the program; import under another name")
    if not paths:
        raise InputError("name at least one weight file to import")
    folder = profile_folder(name, models_dir)
    with no_room(models_dir):
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=models_dir) as staged:
            for path in paths:
                _stage(path, Path(staged))
            _take_over(folder, Path(staged))
    return next(info for info in list_profiles(models_dir) if info.name == name)


def _stage(path: Path, staged: Path) -> None:
    """Writes a file in cbvir's own form under the name of its role."""
    from cbvir_core.embed.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(path)
    role = role_of(checkpoint.header)
    if weight_file(staged, role).exists():
        raise InputError(f"{path} is a second file for the {role}; a profile has one of each")
    write_weights(weight_file(staged, role), checkpoint.state, checkpoint.header)


def _take_over(folder: Path, staged: Path) -> None:
    """Moves staged files to their places, the checksums last."""
    files = sorted(staged.iterdir())
    write_sums(staged, read_sums(folder) | {file.name: sha256_of(file) for file in files})
    folder.mkdir(exist_ok=True)
    for file in [*files, staged / SUMS_FILE]:
        file.replace(folder / file.name)
