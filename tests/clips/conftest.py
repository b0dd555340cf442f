"""Drawn films, small seeded networks, and libraries over them."""

from __future__ import annotations

from support.libraries import converted, films, open_library, weights

__all__ = ["converted", "films", "open_library", "weights"]
