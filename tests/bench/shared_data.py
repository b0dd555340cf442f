"""Where the clips, photographs and weights lie that benchmarks measure with."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"
"""The folder ``shared`` beside the checkout; ``--shared`` names another."""

CLIPS = SHARED / "videos"
"""Real clips, each in a file of its own."""
