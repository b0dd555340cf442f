"""Packages that only an extra of cbvir installs, and the sentence that names the extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from cbvir_core.errors.root import CbvirError

TORCH_PACKAGES = ("torch", "torchvision")
"""What the extra ``torch`` installs."""

TORCH_MISSING = "This needs PyTorch: pip install 'cbvir[torch]'"


class PackageMissing(CbvirError):
    """A package that this needs is not installed; the sentence names the extra that brings it."""

    code = "package_missing"


def has_torch() -> bool:
    """Return whether PyTorch is installed, without importing it."""
    return find_spec("torch") is not None


@contextmanager
def needs_torch() -> Iterator[None]:
    """Raise PackageMissing where PyTorch or torchvision is imported inside and is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in TORCH_PACKAGES:
            raise
        raise PackageMissing(TORCH_MISSING) from error
