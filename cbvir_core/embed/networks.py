"""From a weight file to the torch network it is for.  Importing this module imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from cbvir_core.embed import mobilenet, solar
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights.file import read_weights

Network = mobilenet.MobileNetDescriptor | solar.SolarDescriptor


def build_network(path: Path, architecture: str, state: Mapping[str, Tensor]) -> Network:
    """The network of these tensors in evaluation mode.  Raises WeightsMismatch, which names `path`."""
    try:
        if architecture == mobilenet.ARCHITECTURE:
            return mobilenet.build_mobilenet(state)
        return solar.build_solar(architecture, state)
    except WeightsMismatch as error:
        raise WeightsMismatch(f"{path}: {error}") from error


def load_network(path: Path) -> Network:
    """The network of a weight file.  Raises as `read_weights` and `build_network` do."""
    header, state = read_weights(path)
    return build_network(path, header.architecture, state)
