"""Weight files: format, architectures and roles, checksums, profiles, downloads.  No import loads torch."""

from cbvir_core.weights.architectures import ARCHITECTURES, ROLES, Architecture, Role, find_architecture
from cbvir_core.weights.check import expect_role
from cbvir_core.weights.checksums import read_checksums, sha256_of, take_files, write_checksums
from cbvir_core.weights.download import DownloadProgress, download, has_hash_of_name
from cbvir_core.weights.file import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preprocess,
    WeightsHeader,
    fingerprint,
    read_arrays,
    read_header,
    read_tensors,
    read_weights,
    role_of,
    write_weights,
)
from cbvir_core.weights.profiles import (
    FileCheck,
    Profile,
    ProfileInfo,
    WeightsInfo,
    find_profile,
    list_profiles,
    profile_folder,
    verify,
    weight_file,
)
from cbvir_core.weights.sources import PUBLISHED_NAMES, WeightsSource, official_sources

__all__ = [
    "ARCHITECTURES",
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "PUBLISHED_NAMES",
    "ROLES",
    "Architecture",
    "DownloadProgress",
    "FileCheck",
    "Preprocess",
    "Profile",
    "ProfileInfo",
    "Role",
    "WeightsHeader",
    "WeightsInfo",
    "WeightsSource",
    "download",
    "expect_role",
    "find_architecture",
    "find_profile",
    "fingerprint",
    "has_hash_of_name",
    "list_profiles",
    "official_sources",
    "profile_folder",
    "read_arrays",
    "read_checksums",
    "read_header",
    "read_tensors",
    "read_weights",
    "role_of",
    "sha256_of",
    "take_files",
    "verify",
    "weight_file",
    "write_checksums",
    "write_weights",
]
