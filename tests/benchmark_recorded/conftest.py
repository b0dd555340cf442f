"""Small seeded networks for a library."""

from __future__ import annotations

from support.libraries import weights

__all__ = ["weights"]
