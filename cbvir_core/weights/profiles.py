"""Profiles: named pairs of weight files, one for the filter and one for the refinement.

``moreso`` is the published pair, ``builtin`` comes with the program, and any other name is the user's own.
``auto`` means ``moreso`` where its filter is present, else ``builtin``.  A profile without a refinement
answers by the filter alone.  A profile is a folder with ``filter.safetensors``, ``refine.safetensors`` and
``SHA256SUMS``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from cbvir_core.errors import InputError, ModelError, WeightsMissing
from cbvir_core.weights.architectures import ROLES, Role
from cbvir_core.weights.check import forget_problems, problem_of
from cbvir_core.weights.checksums import read_checksums
from cbvir_core.weights.file import WeightsHeader, read_header

BUILTIN_FOLDER = Path(__file__).parent / "builtin"
_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profile:
    """The weight files to answer with.  Where `refine` is None, the filter answers alone.

    `trouble` is a sentence where a damaged file is left out.
    """

    name: str
    filter: Path
    refine: Path | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """One weight file of a profile.  `problem` is a sentence where the file cannot be used."""

    role: Role
    path: Path
    size_bytes: int
    header: WeightsHeader | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """The weight files that a profile has; without a filter it cannot answer."""

    name: str
    files: tuple[WeightsInfo, ...]

    @property
    def usable(self) -> bool:
        """Whether the profile has a filter that can be used."""
        return any(info.role == "filter" and info.problem is None for info in self.files)


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The result of `verify` for one file; `message` is a sentence."""

    profile: str
    path: Path
    good: bool
    message: str


def find_profile(name: str, models_dir: Path | None) -> Profile:
    """Return the weight files of a profile; without `models_dir` there are only the built-in ones.

    Files are compared with their checksums.  Where the refinement is damaged, the profile is returned
    without it.  Where the filter of ``moreso`` is damaged, ``auto`` means ``builtin``.  `Profile.trouble`
    tells of either.  Raise WeightsMissing, WeightsDamaged and WeightsMismatch, which say what to do, and
    InputError for a name that no profile can have.
    """
    if name != "auto":
        return _profile(name, models_dir)
    if models_dir is None or not weight_file(models_dir / "moreso", "filter").exists():
        return _profile("builtin", models_dir)
    try:
        return _profile("moreso", models_dir)
    except ModelError as error:
        return replace(
            _profile("builtin", models_dir), trouble=f"{error}; until then the built-in weights answer"
        )


def _profile(name: str, models_dir: Path | None) -> Profile:
    if name != "builtin" and models_dir is None:
        raise WeightsMissing(f"profile {name!r} wants a folder for models, and none is set")
    folder = profile_folder(name, models_dir or BUILTIN_FOLDER)
    filter_file, refine_file = (weight_file(folder, role) for role in ROLES)
    if not filter_file.exists():
        raise WeightsMissing(f"profile {name!r} has no filter weights at {filter_file}; {_advice(name)}")
    if problem := problem_of(filter_file, "filter"):
        raise problem.with_advice(_advice(name))
    if not refine_file.exists():
        return Profile(name, filter_file, None)
    if problem := problem_of(refine_file, "refine"):
        trouble = f"{problem}; {_advice(name)}, and start cbvird anew; until then the filter answers alone"
        return Profile(name, filter_file, None, trouble)
    return Profile(name, filter_file, refine_file)


def list_profiles(models_dir: Path | None) -> list[ProfileInfo]:
    """Return every profile in order of name; ``moreso`` and ``builtin`` are always in the list."""
    return [
        ProfileInfo(name, tuple(_info(weight_file(folder, role), role) for role in _roles_in(folder)))
        for name, folder in _folders(models_dir)
    ]


def verify(models_dir: Path | None) -> list[FileCheck]:
    """Read every weight file of every profile and compare it with its checksum."""
    forget_problems()  # a disk may damage a file without changing its times
    return [
        _check(name, folder, file)
        for name, folder in _folders(models_dir)
        for file in sorted(
            {*read_checksums(folder), *(weight_file(folder, role).name for role in _roles_in(folder))}
        )
    ]


def profile_folder(name: str, models_dir: Path) -> Path:
    """Return the folder of a profile.  Raise InputError where `name` cannot name a profile."""
    if name == "builtin":
        return BUILTIN_FOLDER
    if name == "auto" or not _PROFILE_NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a profile; use small letters, digits, - and _")
    return models_dir / name


def weight_file(folder: Path, role: Role) -> Path:
    """Return the path of the file of this role in a profile's folder."""
    return folder / f"{role}.safetensors"


def _advice(name: str) -> str:
    if name == "builtin":
        return "it is part of cbvir: install cbvir again"
    if name == "moreso":
        return (
            "use `cbvirctl models fetch moreso`, or `cbvirctl models import moreso FILE...` without internet"
        )
    return f"bring them in with `cbvirctl models import {name} FILE...`"


def _folders(models_dir: Path | None) -> list[tuple[str, Path]]:
    found = {"builtin": BUILTIN_FOLDER}
    if models_dir is not None:
        found["moreso"] = models_dir / "moreso"
        own = (path for path in models_dir.glob("*/") if _PROFILE_NAME.fullmatch(path.name))
        found |= {path.name: path for path in own if path.name not in ("auto", "builtin")}
    return sorted(found.items())


def _roles_in(folder: Path) -> list[Role]:
    return [role for role in ROLES if weight_file(folder, role).exists()]


def _info(path: Path, role: Role) -> WeightsInfo:
    problem = problem_of(path, role)
    try:
        header = read_header(path)
    except ModelError:
        header = None
    return WeightsInfo(role, path, path.stat().st_size, header, None if problem is None else str(problem))


def _check(name: str, folder: Path, file: str) -> FileCheck:
    path, expected = folder / file, read_checksums(folder).get(file)
    if not path.exists():
        return FileCheck(name, path, False, f"missing; {_advice(name)}")
    if problem := problem_of(path, "filter" if path.stem == "filter" else "refine"):
        return FileCheck(name, path, False, f"{problem}; {_advice(name)}")
    return FileCheck(name, path, True, "good" if expected else "readable; no checksum is kept for it")
