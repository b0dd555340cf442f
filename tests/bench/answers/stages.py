"""A query with every stage, and with each of them switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cbvir_core.search import SearchOptions

EVERYTHING = "everything"
DESCRIPTORS = "descriptors alone"

FULL = SearchOptions()
"""As a user asks."""

SWITCHES: Mapping[str, SearchOptions] = {
    EVERYTHING: FULL,
    "no borders": replace(FULL, borders=False),
    "no mirror": replace(FULL, mirrored=False),
    "no regions": replace(FULL, regions=False),
    "no verification": replace(FULL, verify="never"),
    "no moment": replace(FULL, exact_time_s=0.0),
    DESCRIPTORS: replace(
        FULL, borders=False, mirrored=False, regions=False, verify="never", exact_time_s=0.0
    ),
}
"""By the names of the tables.  Without borders, bars are looked for at ingest all the same; without
verification no regions are tried either, since descriptors alone are never sure of a part."""
