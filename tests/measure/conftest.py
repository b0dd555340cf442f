"""Fixtures of these tests."""

from __future__ import annotations

from support.libraries import converted, filled, films, open_filled, weights

__all__ = ["converted", "filled", "films", "open_filled", "weights"]
