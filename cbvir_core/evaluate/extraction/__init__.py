"""The methods of Table II that choose keyframes: cbvir's own, and those that it is compared with.

Every method reads a video file and returns the times of its keyframes.
"""

from __future__ import annotations

from cbvir_core.evaluate.extraction.clusters import cluster_sizes, middle_samples
from cbvir_core.evaluate.extraction.methods import (
    COLOUR_METHODS,
    NETWORK_METHODS,
    KeyframeTimes,
    extraction_methods,
)
from cbvir_core.evaluate.extraction.published import PublishedCode
from cbvir_core.evaluate.extraction.vsumm import vsumm_summary

__all__ = [
    "COLOUR_METHODS",
    "NETWORK_METHODS",
    "KeyframeTimes",
    "PublishedCode",
    "cluster_sizes",
    "extraction_methods",
    "middle_samples",
    "vsumm_summary",
]
