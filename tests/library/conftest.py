"""Drawn films, small seeded networks, and libraries over them."""

from __future__ import annotations

from support.libraries import converted, filled, films, open_filled, open_library, weights

__all__ = ["converted", "filled", "films", "open_filled", "open_library", "weights"]
