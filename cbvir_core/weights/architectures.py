"""The registry of architectures: which networks exist, what each is for, and which module builds it.

Reading a role loads no network.  A module is only named here; `cbvir_core.embed.networks` imports it when
its network is built.  To add a descriptor model, write its module (`cbvir_core.embed.networks.NetworkModule`
lists what it defines) and add one line to `ARCHITECTURES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cbvir_core.errors import WeightsMismatch

Role = Literal["filter", "refine"]
"""What a network is for: to find the shortlist, or to refine it."""

ROLES: tuple[Role, Role] = ("filter", "refine")


@dataclass(frozen=True, slots=True)
class Architecture:
    """One kind of network.

    `name` is what the header of its weight files says; a name that ends in ``-`` is a prefix, and the name
    of a backbone follows it.  `role` is what its weight files are for where their header carries no role.
    `title` is its name for people; `module` is the dotted name of the module that builds it.  `graph` is that
    of the module that builds it for OpenVINO (`cbvir_core.embed.graph.GraphModule`); without one torch
    converts the network, which takes seconds.
    """

    name: str
    role: Role
    title: str
    module: str
    graph: str | None = None

    def covers(self, name: str) -> bool:
        """Return whether a header with this architecture's name belongs here."""
        return name.startswith(self.name) if self.name.endswith("-") else name == self.name


ARCHITECTURES = [
    Architecture(
        *("mobilenet_v2", "filter", "MobileNetV2", "cbvir_core.embed.mobilenet"),
        graph="cbvir_core.embed.mobilenet_graph",
    ),
    Architecture(
        *("solar-", "refine", "SOLAR", "cbvir_core.embed.solar"), graph="cbvir_core.embed.solar_graph"
    ),
    Architecture("pooled-", "refine", "a ResNet or VGG16 that is pooled", "cbvir_core.embed.pooled"),
]


def find_architecture(name: str) -> Architecture:
    """Return the architecture that a header names.  Raise WeightsMismatch where it is not in the registry."""
    for architecture in ARCHITECTURES:
        if architecture.covers(name):
            return architecture
    raise WeightsMismatch(f"unknown architecture {name!r}; this version knows {known_architectures()}")


def known_architectures() -> str:
    """Return the names in the registry for a message."""
    return ", ".join(
        f"{architecture.name}BACKBONE" if architecture.name.endswith("-") else architecture.name
        for architecture in ARCHITECTURES
    )
