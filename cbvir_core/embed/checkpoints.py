"""Readers of every weight file that can be imported: published checkpoints, plain safetensors, cbvir's own.

Importing this module imports torch.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cbvir_core.embed.networks import build_network, network_module
from cbvir_core.errors import FileUnreadable, WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.weights import ARCHITECTURES, PUBLISHED_NAMES, WeightsHeader, read_header, read_tensors

_CLASSIFIERS = ("classifier.", "fc.")
"""Tensors of ImageNet's classes, which no descriptor needs."""


_NUMPY_SCALARS: list[Any] = [
    (np.float64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),  # the name before numpy 2
    np.float64(0).__reduce__()[0],
    np.dtype,
    *(type(np.dtype(name)) for name in ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")),
]
"""What a checkpoint may hold beside tensors: numbers of numpy, an epoch or a score.  They carry no code."""


@dataclass(frozen=True, slots=True)
class ProvenWeights:
    """Tensors that their network has loaded, with the header that they are stored under."""

    header: WeightsHeader
    state: Mapping[str, Tensor]


def read_checkpoint(path: Path) -> ProvenWeights:
    """Read any weight file that cbvir understands, and prove that its network loads it strictly.

    ``.pth`` files are read without running code that they may carry.  Raise WeightsMissing,
    WeightsDamaged (also for such code, and for values that are no numbers), WeightsMismatch.
    """
    tensors, meta, header = _read_safetensors(path) if _is_safetensors(path) else _read_pickled(path)
    state = {name: value for name, value in tensors.items() if not name.startswith(_CLASSIFIERS)}
    broken = [name for name, value in state.items() if not torch.isfinite(value).all()]
    if broken:
        what = f"holds values that are no numbers, in {broken[0]}; get the file again"
        raise WeightsDamaged(what, path=path)
    try:
        header = header or _recognised_header(path, state, meta)
        build_network(header.architecture, state)
    except WeightsMismatch as error:
        raise error.about(path) from error
    return ProvenWeights(header, state)


_Contents = tuple[dict[str, Tensor], Mapping[str, Any], WeightsHeader | None]
"""Tensors, what a checkpoint says of its network, and cbvir's own header."""


def _is_safetensors(path: Path) -> bool:
    """Return whether the content is that of safetensors: eight bytes of length, then JSON."""
    try:
        with path.open("rb") as stream:
            return stream.read(9)[8:] == b"{"
    except FileNotFoundError:
        raise WeightsMissing("is not there", path=path) from None
    except OSError as error:
        raise FileUnreadable(f"cannot be read: {error.strerror}", path=path) from error


def _read_safetensors(path: Path) -> _Contents:
    try:
        return read_tensors(path), {}, _own_header(path)
    except WeightsDamaged as error:
        raise error.with_advice("get the file again") from error


def _read_pickled(path: Path) -> _Contents:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles that torch did not write; they are refused anyway
            with torch.serialization.safe_globals(_NUMPY_SCALARS):
                loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsDamaged(
            "is no plain weight file: it holds code or other objects beside tensors, and was "
            "not run; get the file from its makers",
            path=path,
        ) from error
    except Exception as error:  # an unpickler fails in every way that bytes can make it
        what = "is cut short or no weight file; get the file again"
        raise WeightsDamaged(what, path=path) from error
    if not isinstance(loaded, Mapping):
        raise WeightsMismatch("holds no state dict", path=path)
    state, meta = loaded.get("state_dict", loaded), loaded.get("meta", {})
    if not isinstance(state, Mapping) or not all(_is_of_a_state(value) for value in state.values()):
        raise WeightsMismatch("holds no state dict", path=path)
    tensors = {_without_wrapper(name): value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsMismatch("holds no state dict", path=path)
    return tensors, meta if isinstance(meta, Mapping) else {}, None


def _is_of_a_state(value: object) -> bool:
    """Return whether a value may stand in a state dict: a tensor, or a number or text beside tensors."""
    return isinstance(value, Tensor | int | float | str | np.generic)


def _without_wrapper(name: str) -> str:
    """Return the name of a tensor without what torch's DataParallel puts before it."""
    return name.removeprefix("module.")


def _own_header(path: Path) -> WeightsHeader | None:
    try:
        return read_header(path)
    except WeightsMismatch:
        return None


def _recognised_header(path: Path, state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> WeightsHeader:
    """Return the header of a published file, recognised by the names of its tensors."""
    for known in ARCHITECTURES:
        published = network_module(known.module).recognise(state, meta)
        if published is not None:
            which = PUBLISHED_NAMES.get(path.name)
            label = f"{known.title}, imported from {path.name}" + (f" ({which})" if which else "")
            return WeightsHeader(published.architecture, label, published.preprocess, {"file": path.name})
    titles = " nor ".join(known.title for known in ARCHITECTURES)
    raise WeightsMismatch(f"is for another architecture: neither {titles}", path=path)
