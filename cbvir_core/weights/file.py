"""Weight files: safetensors with a header that names their network and its preprocessing.

The header is JSON in the file's string metadata under ``cbvir``.  Only `read_weights` and `read_tensors`
need torch.  Everything else is read without it, so that a process which runs networks through OpenVINO starts
in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from cbvir_core.errors import WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.files import FileState, no_room, replacing, state_of
from cbvir_core.json_text import parse_json
from cbvir_core.weights.architectures import ROLES, Role, find_architecture

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY = "cbvir"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes a network's input.

    With `height` and `width`, the whole picture is squashed to that size, because the borders of a frame
    matter.  With `long_side`, the picture is scaled to it and keeps its aspect ratio.  Each of `scales`
    multiplies the size, in pixels.  Then every channel becomes ``(value / 255 - mean) / std``.
    """

    height: int | None = None
    width: int | None = None
    long_side: int | None = None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    scales: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if (self.height is None) != (self.width is None) or (self.height is None) == (self.long_side is None):
            raise ValueError("preprocessing wants height and width, or long_side")


@dataclass(frozen=True, slots=True)
class WeightsHeader:
    """What a weight file says of itself.

    `architecture` is a name that the registry knows (`cbvir_core.weights.architectures`).  `role` is None
    where it is the registry's; files of earlier versions carry none.  `label` and `details` are for people
    (origin, recipe, figures; JSON values).  Neither they nor the role enter the fingerprint.
    """

    architecture: str
    label: str
    preprocess: Preprocess
    details: Mapping[str, Any] = field(default_factory=dict)
    role: Role | None = None

    def to_json(self) -> str:
        """Return one line of JSON with sorted keys; `from_json` is its inverse."""
        fields = asdict(self)
        if self.role is None:
            del fields["role"]
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> WeightsHeader:
        """Return the header.  Raise ValueError, TypeError or KeyError on text of another form."""
        fields = parse_json(text)
        preprocess: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in fields["preprocess"].items()
        }
        role = fields.get("role")
        if role not in (None, *ROLES):
            raise ValueError(f"{role!r} is no role")
        return cls(fields["architecture"], fields["label"], Preprocess(**preprocess), fields["details"], role)


def role_of(header: WeightsHeader) -> Role:
    """Return what a weight file is for: the header's role, else that of its architecture.

    Raise WeightsMismatch where the architecture is not in the registry.
    """
    architecture = find_architecture(header.architecture)
    return header.role or architecture.role


def write_weights(
    path: Path, state_dict: Mapping[str, Tensor | np.ndarray[Any, Any]], header: WeightsHeader
) -> str:
    """Write a weight file completely or not at all, and return its fingerprint.

    Tensors keep their type (float16 and float32 are usual).  Raise DiskFull.
    """
    arrays = {name: _as_array(value) for name, value in state_dict.items()}
    data = safetensors.numpy.save(arrays, metadata={METADATA_KEY: header.to_json()})
    with no_room(path), replacing(path) as temporary:
        temporary.write_bytes(data)
    return fingerprint(path)


def read_weights(path: Path) -> tuple[WeightsHeader, dict[str, Tensor]]:
    """Return the header and the torch tensors; tensors of real numbers become float32.

    Raise WeightsMissing, WeightsDamaged, WeightsMismatch (a file without cbvir's header).
    """
    header = read_header(path)
    tensors = read_tensors(path)
    return header, {
        name: value.float() if value.is_floating_point() else value for name, value in tensors.items()
    }


def read_arrays(path: Path) -> tuple[WeightsHeader, dict[str, np.ndarray[Any, Any]]]:
    """Return the header and the tensors without torch; tensors of real numbers become float32.

    Raise WeightsMissing and WeightsDamaged.
    """
    header = read_header(path)
    try:
        arrays = safetensors.numpy.load(path.read_bytes())
    except FileNotFoundError:
        raise _missing(path) from None
    except (safetensors.SafetensorError, OSError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    return header, {
        name: value.astype(np.float32) if value.dtype.kind == "f" else value for name, value in arrays.items()
    }


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the torch tensors of any safetensors file, of the type they are stored in.

    Raise WeightsMissing and WeightsDamaged.
    """
    from safetensors.torch import load

    try:
        # Not mapped into memory: a file that is cut short while it is mapped ends the process.
        return load(path.read_bytes())
    except FileNotFoundError:
        raise _missing(path) from None
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def read_header(path: Path) -> WeightsHeader:
    """Return the header of a weight file.  Raise as `read_weights` does."""
    try:
        with safetensors.safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
    except FileNotFoundError:
        raise _missing(path) from None
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error
    if METADATA_KEY not in metadata:
        raise WeightsMismatch("carries no cbvir header; bring it in with `cbvirctl models import`", path=path)
    try:
        return WeightsHeader.from_json(metadata[METADATA_KEY])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, error) from error


def fingerprint(path: Path, preprocess: Preprocess | None = None) -> str:
    """Return 32 hexadecimal digits over the tensors, the architecture and the preprocessing.

    Two files that make the same descriptors have the same fingerprint, whatever their labels, details and
    roles are.  `preprocess` replaces the file's own.  Raise as `read_weights` does.
    """
    header = read_header(path)
    described = [header.architecture, asdict(preprocess or header.preprocess)]
    try:
        return _fingerprint(path, state_of(path), json.dumps(described, sort_keys=True))
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


@lru_cache(maxsize=64)
def _fingerprint(path: Path, _state: FileState, described: str) -> str:
    """Return the fingerprint; the result is kept until the file changes.

    SOLAR on ResNet101 takes half a second, and every start needs its fingerprint twice.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(described.encode())
    tensors = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    for name, tensor in sorted(tensors, key=lambda item: item[0]):
        digest.update(json.dumps([name, str(tensor["dtype"]), list(tensor["shape"])]).encode())
        digest.update(tensor["data"])
    return digest.hexdigest()


def _as_array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).reshape(value.shape)
    tensor = value.detach().cpu().contiguous()
    return np.asarray((tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy())


def _missing(path: Path) -> WeightsMissing:
    return WeightsMissing("is not there; name a weight file that exists", path=path)


def _damaged(path: Path, error: Exception) -> WeightsDamaged:
    return WeightsDamaged(f"is damaged or no weight file ({error})", path=path)
