"""A query with every stage, and with each of them switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cbvir_core.search import SearchOptions

EVERYTHING = "everything"
DESCRIPTORS_ALONE = "descriptors alone"

ALL_STAGES = SearchOptions()
"""As a user asks."""

STAGE_OPTIONS: Mapping[str, SearchOptions] = {
    EVERYTHING: ALL_STAGES,
    "no borders": replace(ALL_STAGES, borders=False),
    "no mirror": replace(ALL_STAGES, mirrored=False),
    "no regions": replace(ALL_STAGES, regions=False),
    "no verification": replace(ALL_STAGES, verify="never"),
    "no moment": replace(ALL_STAGES, exact_time_s=0.0),
    DESCRIPTORS_ALONE: replace(
        ALL_STAGES, borders=False, mirrored=False, regions=False, verify="never", exact_time_s=0.0
    ),
}
"""By the names of the tables.  Without borders, bars are looked for at ingest all the same; without
verification no regions are tried either, since descriptors alone are never sure of a part."""
