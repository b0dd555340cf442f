"""Whether a weight file of a profile is still what was put there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cbvir_core.errors import ModelError, WeightsDamaged, WeightsMismatch
from cbvir_core.files import FileState, state_of
from cbvir_core.weights.architectures import Role
from cbvir_core.weights.checksums import CHECKSUMS_FILE, read_checksums, sha256_of
from cbvir_core.weights.file import WeightsHeader, read_header, role_of


def problem_of(path: Path, role: Role) -> ModelError | None:
    """Return what is wrong with a profile's file: its content, its SHA-256, or its role.

    The error is returned, not raised, and holds no advice.  The result is kept until the file changes,
    because a service asks for it many times.
    """
    try:
        return _problem(path, role, state_of(path), read_checksums(path.parent).get(path.name))
    except OSError as error:
        return WeightsDamaged(f"cannot be read: {error.strerror}", path=path)


@lru_cache(maxsize=64)
def _problem(path: Path, role: Role, _state: FileState, checksum: str | None) -> ModelError | None:
    try:
        expect_role(path, read_header(path), role)
    except ModelError as error:
        return error
    if checksum is not None and sha256_of(path) != checksum:
        return WeightsDamaged(f"is damaged: its SHA-256 is not the one in {CHECKSUMS_FILE}", path=path)
    return None


def expect_role(path: Path, header: WeightsHeader, role: Role) -> None:
    """Raise WeightsMismatch where a weight file is not for this role."""
    try:
        actual = role_of(header)
    except WeightsMismatch as error:
        raise error.about(path) from None
    if actual != role:
        raise WeightsMismatch(f"is for another architecture: {header.architecture} is no {role}", path=path)


def forget_problems() -> None:
    """Read every file again from now on, even one whose size and times have not changed."""
    _problem.cache_clear()
