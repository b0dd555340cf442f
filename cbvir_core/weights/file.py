"""Weight files: safetensors with a header that says which network they are for and how it sees.

The header is JSON in the file's string metadata under ``cbvir``.  Only `read_weights` needs torch;
the header and the fingerprint are read without it, so that a process which runs networks through
OpenVINO starts in a fraction of a second.
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

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY = "cbvir"
FILTER_ARCHITECTURE = "mobilenet_v2"
REFINE_PREFIX = "solar-"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes a network's input.

    Either `height` and `width`: the picture is squashed to that size, whole, because the borders of
    a frame matter.  Or `long_side`: the picture is scaled to it with its aspect kept, at each of
    `scales`.  Then ``(value / 255 - mean) / std`` per channel.
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

    `architecture` is ``mobilenet_v2`` or ``solar-<backbone>``.  `label` and `details` are for people
    (origin, recipe, figures; JSON values) and do not enter the fingerprint.
    """

    architecture: str
    label: str
    preprocess: Preprocess
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line of JSON with sorted keys; `from_json` is its inverse."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> WeightsHeader:
        """Raises ValueError, TypeError or KeyError on anything that `to_json` did not write."""
        fields = json.loads(text)
        seen: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in fields["preprocess"].items()
        }
        return cls(fields["architecture"], fields["label"], Preprocess(**seen), fields["details"])


def write_weights(
    path: Path, state_dict: Mapping[str, Tensor | np.ndarray[Any, Any]], header: WeightsHeader
) -> str:
    """Writes a weight file whole or not at all, and gives its fingerprint.

    Tensors keep their type (float16 and float32 are usual).  Raises DiskFull.
    """
    arrays = {name: _as_array(value) for name, value in state_dict.items()}
    data = safetensors.numpy.save(arrays, metadata={METADATA_KEY: header.to_json()})
    with no_room(path), replacing(path) as temporary:
        temporary.write_bytes(data)
    return fingerprint(path)


def read_weights(path: Path) -> tuple[WeightsHeader, dict[str, Tensor]]:
    """The header and the tensors, those of real numbers as float32 torch tensors.

    Raises WeightsMissing, WeightsDamaged, WeightsMismatch (a file without cbvir's header).
    """
    header = read_header(path)
    tensors = read_tensors(path)
    return header, {
        name: value.float() if value.is_floating_point() else value for name, value in tensors.items()
    }


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The torch tensors of any safetensors file, of the type they are stored in.

    Raises WeightsMissing and WeightsDamaged.
    """
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except FileNotFoundError:
        raise _missing(path) from None
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def read_header(path: Path) -> WeightsHeader:
    """What the file says of itself; raises as `read_weights` does."""
    try:
        with safetensors.safe_open(path, framework="numpy") as opened:
            metadata = opened.metadata() or {}
    except FileNotFoundError:
        raise _missing(path) from None
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error
    if METADATA_KEY not in metadata:
        raise WeightsMismatch(f"{path} carries no cbvir header; bring it in with `cbvirctl models import`")
    try:
        return WeightsHeader.from_json(metadata[METADATA_KEY])
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path, error) from error


def fingerprint(path: Path, preprocess: Preprocess | None = None) -> str:
    """32 hexadecimal digits over the tensors, the architecture and the preprocessing.

    The same for two files that make the same descriptors, whatever their label and details say.
    `preprocess` stands in for the file's own.  Raises as `read_weights` does.
    """
    header = read_header(path)
    seen = asdict(preprocess or header.preprocess)
    try:
        return _fingerprint(path, state_of(path), json.dumps([header.architecture, seen], sort_keys=True))
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


@lru_cache(maxsize=64)
def _fingerprint(path: Path, _state: FileState, seen: str) -> str:
    """Remembered for as long as the file stays: a SOLAR on ResNet101 takes half a second and is asked
    for twice at every start."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(seen.encode())
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
    return WeightsMissing(f"the weight file {path} is not there")


def _damaged(path: Path, error: Exception) -> WeightsDamaged:
    return WeightsDamaged(f"{path} is damaged or no weight file ({error})")
