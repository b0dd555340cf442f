"""Weight files as the world has them: checkpoints of torchvision and SOLAR, plain safetensors, our own.

Importing this module imports torch.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cbvir_core.embed.mobilenet import ARCHITECTURE as MOBILENET
from cbvir_core.embed.networks import build_network
from cbvir_core.embed.solar import solar_architecture
from cbvir_core.errors import FileUnreadable, WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.weights.file import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preprocess,
    WeightsHeader,
    read_header,
    read_tensors,
)

MOBILENET_SIDE = 224  # Table I
SOLAR_LONG_SIDE = 512  # that of the stored stills: a larger picture would hold nothing more


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights that are known to fit their architecture, with the header they are to be stored under."""

    header: WeightsHeader
    state: Mapping[str, Tensor]


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads any weight file that cbvir understands and proves that the network loads it strictly.

    ``.pth`` files are read without running code that they may carry.  Raises WeightsMissing,
    WeightsDamaged (also for such code, and for values that are no numbers), WeightsMismatch.
    """
    tensors, meta, header = _read_safetensors(path) if _is_safetensors(path) else _read_pickled(path)
    state = {name: value for name, value in tensors.items() if not name.startswith("classifier.")}
    broken = [name for name, value in state.items() if not torch.isfinite(value).all()]
    if broken:
        raise WeightsDamaged(f"{path} holds values that are no numbers, in {broken[0]}; get the file again")
    header = header or _guess_header(path, state, meta)
    build_network(path, header.architecture, state)
    return Checkpoint(header, state)


_Contents = tuple[dict[str, Tensor], Mapping[str, Any], WeightsHeader | None]
"""Tensors, what a checkpoint says of its network, and cbvir's own header."""


def _is_safetensors(path: Path) -> bool:
    """Told by content: eight bytes of length, then JSON."""
    try:
        with path.open("rb") as stream:
            return stream.read(9)[8:] == b"{"
    except FileNotFoundError:
        raise WeightsMissing(f"{path} is not there") from None
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}") from error


def _read_safetensors(path: Path) -> _Contents:
    try:
        return read_tensors(path), {}, _own_header(path)
    except WeightsDamaged as error:
        raise WeightsDamaged(f"{error}; get the file again") from error


def _read_pickled(path: Path) -> _Contents:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles that torch did not write; they are refused anyway
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsDamaged(
            f"{path} is no plain weight file: it holds code or other objects beside tensors, and was "
            "not run; get the file from its makers"
        ) from error
    except Exception as error:  # an unpickler fails in every way that bytes can make it
        raise WeightsDamaged(f"{path} is cut short or no weight file; get the file again") from error
    if not isinstance(loaded, Mapping):
        raise WeightsMismatch(f"{path} holds no state dict")
    state, meta = loaded.get("state_dict", loaded), loaded.get("meta", {})
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsMismatch(f"{path} holds no state dict")
    return dict(state), meta if isinstance(meta, Mapping) else {}, None


def _own_header(path: Path) -> WeightsHeader | None:
    try:
        return read_header(path)
    except WeightsMismatch:
        return None


def _guess_header(path: Path, state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> WeightsHeader:
    """The header of a published file, by the names of its tensors."""
    origin = {"file": path.name}
    if "features.0.0.weight" in state:
        seen = Preprocess(height=MOBILENET_SIDE, width=MOBILENET_SIDE)
        return WeightsHeader(MOBILENET, f"MobileNetV2, imported from {path.name}", seen, origin)
    if "features.conv1.0.weight" in state:
        architecture = solar_architecture(state)
        mean, std = _channels(meta.get("mean"), IMAGENET_MEAN), _channels(meta.get("std"), IMAGENET_STD)
        seen = Preprocess(long_side=SOLAR_LONG_SIDE, mean=mean, std=std)
        return WeightsHeader(architecture, f"SOLAR, imported from {path.name}", seen, origin)
    raise WeightsMismatch(f"{path} is for another architecture: neither MobileNetV2 nor SOLAR")


def _channels(values: Any, default: tuple[float, float, float]) -> tuple[float, float, float]:
    if isinstance(values, list | tuple) and len(values) == 3:
        return float(values[0]), float(values[1]), float(values[2])
    return default
