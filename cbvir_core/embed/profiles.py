"""Profiles: named pairs of weight files, one for the filter and one for the refinement.

``moreso`` is the published pair, ``builtin`` comes with the program, any other name is the user's own;
``auto`` is ``moreso`` where its filter is present, else ``builtin``.  A profile without a refinement
answers by the filter alone.  A profile is a folder with ``filter.safetensors``,
``refine.safetensors`` and ``SHA256SUMS``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cbvir_core.embed.encoders import FILTER_ARCHITECTURE
from cbvir_core.embed.sums import read_sums, sha256_of
from cbvir_core.embed.weights import WeightsHeader, read_header
from cbvir_core.errors import InputError, ModelError, WeightsMissing

Role = Literal["filter", "refine"]
ROLES: tuple[Role, Role] = ("filter", "refine")
BUILTIN_FOLDER = Path(__file__).parent / "builtin"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profile:
    """The weight files to answer with.  Without `refine` the filter answers alone."""

    name: str
    filter: Path
    refine: Path | None


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """One weight file of a profile.  `problem` is a sentence where the file cannot be read."""

    role: Role
    path: Path
    size_bytes: int
    header: WeightsHeader | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """What is there of a profile; without a filter it cannot answer."""

    name: str
    files: tuple[WeightsInfo, ...]

    @property
    def usable(self) -> bool:
        """Whether it has a filter that can be read."""
        return any(info.role == "filter" and info.problem is None for info in self.files)


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What `verify` found of one file; `message` is a sentence."""

    profile: str
    path: Path
    good: bool
    message: str


def find_profile(name: str, models_dir: Path | None) -> Profile:
    """The weight files of a profile; `models_dir` None knows only the built-in ones.

    Raises WeightsMissing, which says what to do, and InputError for a name that can be none.
    """
    if name == "auto":
        has_moreso = models_dir is not None and weight_file(models_dir / "moreso", "filter").exists()
        name = "moreso" if has_moreso else "builtin"
    if name != "builtin" and models_dir is None:
        raise WeightsMissing(f"profile {name!r} wants a folder for models, and none is set")
    folder = profile_folder(name, models_dir or BUILTIN_FOLDER)
    filter_file, refine_file = (weight_file(folder, role) for role in ROLES)
    if not filter_file.exists():
        raise WeightsMissing(f"profile {name!r} has no filter weights at {filter_file}; {_advice(name)}")
    return Profile(name, filter_file, refine_file if refine_file.exists() else None)


def list_profiles(models_dir: Path | None) -> list[ProfileInfo]:
    """Every profile, by name; ``moreso`` and ``builtin`` are always in the list."""
    return [
        ProfileInfo(name, tuple(_info(weight_file(folder, role), role) for role in _roles_in(folder)))
        for name, folder in _folders(models_dir)
    ]


def verify(models_dir: Path | None) -> list[FileCheck]:
    """Reads every weight file of every profile and compares it with its checksum."""
    return [
        _check(name, folder, file)
        for name, folder in _folders(models_dir)
        for file in sorted(
            {*read_sums(folder), *(weight_file(folder, role).name for role in _roles_in(folder))}
        )
    ]


def profile_folder(name: str, models_dir: Path) -> Path:
    """Where a profile's files are.  Raises InputError where `name` cannot name a profile."""
    if name == "builtin":
        return BUILTIN_FOLDER
    if name == "auto" or not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a profile; use small letters, digits, - and _")
    return models_dir / name


def weight_file(folder: Path, role: Role) -> Path:
    """Where a profile's folder has the file of this role."""
    return folder / f"{role}.safetensors"


def role_of(header: WeightsHeader) -> Role:
    """What a weight file is for."""
    return "filter" if header.architecture == FILTER_ARCHITECTURE else "refine"


def _advice(name: str) -> str:
    if name in ("moreso", "builtin"):
        return (
            "use `cbvirctl models fetch moreso`, or `cbvirctl models import moreso FILE...` without internet"
        )
    return f"bring them in with `cbvirctl models import {name} FILE...`"


def _folders(models_dir: Path | None) -> list[tuple[str, Path]]:
    found = {"builtin": BUILTIN_FOLDER}
    if models_dir is not None:
        found["moreso"] = models_dir / "moreso"
        own = (path for path in models_dir.glob("*/") if _NAME.fullmatch(path.name))
        found |= {path.name: path for path in own if path.name not in ("auto", "builtin")}
    return sorted(found.items())


def _roles_in(folder: Path) -> list[Role]:
    return [role for role in ROLES if weight_file(folder, role).exists()]


def _info(path: Path, role: Role) -> WeightsInfo:
    try:
        return WeightsInfo(role, path, path.stat().st_size, read_header(path))
    except ModelError as error:
        return WeightsInfo(role, path, path.stat().st_size, None, error.message)


def _check(name: str, folder: Path, file: str) -> FileCheck:
    path, expected = folder / file, read_sums(folder).get(file)
    if not path.exists():
        return FileCheck(name, path, False, "missing; fetch or import it again")
    if expected is None:
        problem = _info(path, "filter").problem
        return FileCheck(name, path, problem is None, problem or "readable; no checksum is kept for it")
    if sha256_of(path) != expected:
        return FileCheck(name, path, False, "damaged: its SHA-256 has changed; fetch or import it again")
    return FileCheck(name, path, True, "good")
