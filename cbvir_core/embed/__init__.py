"""Keyframes and queries to descriptors: the networks, their weights, and what runs them.

Nothing here imports torch or OpenVINO until an encoder is made or a foreign weight file is read.
"""

from cbvir_core.embed.acquire import Source, fetch_profile, import_files, official_sources
from cbvir_core.embed.conversions import drop_unused
from cbvir_core.embed.encoders import Encoder, MobileNetEncoder, SolarEncoder, open_encoder
from cbvir_core.embed.runtime import RuntimeOptions
from cbvir_core.weights.download import Progress
from cbvir_core.weights.file import (
    Preprocess,
    WeightsHeader,
    fingerprint,
    read_header,
    read_weights,
    write_weights,
)
from cbvir_core.weights.profiles import (
    FileCheck,
    Profile,
    ProfileInfo,
    WeightsInfo,
    find_profile,
    list_profiles,
    verify,
)

__all__ = [
    "Encoder",
    "FileCheck",
    "MobileNetEncoder",
    "Preprocess",
    "Profile",
    "ProfileInfo",
    "Progress",
    "RuntimeOptions",
    "SolarEncoder",
    "Source",
    "WeightsHeader",
    "WeightsInfo",
    "drop_unused",
    "fetch_profile",
    "find_profile",
    "fingerprint",
    "import_files",
    "list_profiles",
    "official_sources",
    "open_encoder",
    "read_header",
    "read_weights",
    "verify",
    "write_weights",
]
