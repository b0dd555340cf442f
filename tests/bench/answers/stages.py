"""Search options with every stage, and without each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cbvir_core.search import SearchOptions

EVERYTHING = "everything"
DESCRIPTORS_ALONE = "descriptors alone"

ALL_STAGES = SearchOptions()
"""The options that a user has by default."""

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
"""Search options by their names in the tables.  Without borders, ingest still cuts them.  Without
verification no regions are tried either, because descriptors alone are never sure of a part."""
