"""Whether a weight file that lies in a profile is still what was put there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from cbvir_core.errors import ModelError, WeightsDamaged, WeightsMismatch
from cbvir_core.files import FileState, state_of
from cbvir_core.weights.checksums import SUMS_FILE, read_sums, sha256_of
from cbvir_core.weights.file import FILTER_ARCHITECTURE, WeightsHeader, read_header

Role = Literal["filter", "refine"]


def role_of(header: WeightsHeader) -> Role:
    """What a weight file is for."""
    return "filter" if header.architecture == FILTER_ARCHITECTURE else "refine"


def problem_of(path: Path, role: Role) -> ModelError | None:
    """What is wrong with a profile's file: its content, its SHA-256, or what it is for.

    The error is given, not raised, and without advice.  The file is read once for as long as it does
    not change: a service is asked for this many times.
    """
    try:
        return _problem(path, role, state_of(path), read_sums(path.parent).get(path.name))
    except OSError as error:
        return WeightsDamaged(f"{path} cannot be read: {error.strerror}")


@lru_cache(maxsize=64)
def _problem(path: Path, role: Role, _state: FileState, expected: str | None) -> ModelError | None:
    try:
        header = read_header(path)
    except ModelError as error:
        return error
    if role_of(header) != role:
        return WeightsMismatch(f"{path} is for another architecture: {header.architecture} is no {role}")
    if expected is not None and sha256_of(path) != expected:
        return WeightsDamaged(f"{path} is damaged: its SHA-256 is not the one in {SUMS_FILE}")
    return None


def forget_problems() -> None:
    """From now on files are read again, even such that seem not to have changed."""
    _problem.cache_clear()
