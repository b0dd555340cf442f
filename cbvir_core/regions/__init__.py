"""The parts of a picture in which another picture may lie: in a page, in a player, on a screen."""

from __future__ import annotations

from cbvir_core.regions.propose import ProposedRegion, RegionKind, extract_region, propose_regions

__all__ = ["ProposedRegion", "RegionKind", "extract_region", "propose_regions"]
