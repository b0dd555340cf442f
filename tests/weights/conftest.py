"""Small networks and pictures."""

from __future__ import annotations

from support.network_files import cache, filter_file, imagenet, pictures, solar_file

__all__ = ["cache", "filter_file", "imagenet", "pictures", "solar_file"]
