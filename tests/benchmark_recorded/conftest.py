"""Small seeded networks for a library."""

from __future__ import annotations

from support.libraries import converted, weights

__all__ = ["converted", "weights"]
