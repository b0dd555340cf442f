"""Local verification: whether a query really shows a still, and where, by points and by texture.

`describe` a query once (`QUERY_FEATURES`), `unpack` what `pack` kept of each candidate's still, and `verify`
the pairs.
"""

from __future__ import annotations

from cbvir_core.verify.features import (
    KEPT_FEATURES,
    QUERY_FEATURES,
    STILL_FEATURES,
    FeatureOptions,
    LocalFeatures,
    describe,
    mirrored,
)
from cbvir_core.verify.packing import pack, unpack
from cbvir_core.verify.verification import Verification, verify

__all__ = [
    "KEPT_FEATURES",
    "QUERY_FEATURES",
    "STILL_FEATURES",
    "FeatureOptions",
    "LocalFeatures",
    "Verification",
    "describe",
    "mirrored",
    "pack",
    "unpack",
    "verify",
]
