"""Where the published weight files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cbvir_core.weights.architectures import Role

MOBILENET_URL = "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"
"""torchvision's ``MobileNet_V2_Weights.IMAGENET1K_V1``, which MoReSo's authors used.  Asking torchvision for
the address would import torch."""

MOBILENET_V2_URL = "https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth"
"""``IMAGENET1K_V2``, which versions of cbvir before fetched.  ``cbvirctl models import`` takes its file."""

SOLAR_URL = "https://imperialcollegelondon.box.com/shared/static/fznpeayct6btel2og2wjjgvqw0ziqnk4.pth"
"""Where SOLAR's authors keep ``resnet101-solar-best.pth`` (their repository's download script)."""


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """The address of the published file of one role."""

    role: Role
    url: str

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return Path(urlsplit(self.url).path).name


PUBLISHED_NAMES = {
    "mobilenet_v2-b0353104.pth": "IMAGENET1K_V1",
    "mobilenet_v2-7ebf99e0.pth": "IMAGENET1K_V2",
    "resnet18-f37072fd.pth": "IMAGENET1K_V1",
    "resnet101-63fe2227.pth": "IMAGENET1K_V1",
    "vgg16-397923af.pth": "IMAGENET1K_V1",
}
"""torchvision's files, which end with the beginning of their SHA-256, and the names of their weights."""


def official_sources(mirror: str = "") -> tuple[WeightsSource, ...]:
    """Return the published files of ``moreso``: torchvision's MobileNetV2, and SOLAR by its authors.

    `mirror` is the address of a folder that has them under the same names.
    """
    published = WeightsSource("filter", MOBILENET_URL), WeightsSource("refine", SOLAR_URL)
    if not mirror:
        return published
    return tuple(
        WeightsSource(source.role, f"{mirror.rstrip('/')}/{source.file_name}") for source in published
    )
