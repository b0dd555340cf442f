"""The networks that are evaluated, and descriptors with the time that computing them took."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from cbvir_core.embed import (
    Encoder,
    NetworkEncoder,
    ProtocolEncoder,
    ReleasedProtocol,
    RuntimeOptions,
    convert_checkpoint,
)
from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Preprocess, Profile, find_profile, read_header, role_of

LoadEncoders = Callable[[], "EvaluatedEncoders"]
"""Load and return the networks that are evaluated."""

COMPARED_NETWORKS = {
    "ResNet101 + GeM": "bring cnnimageretrieval's gl18-tl-resnet101-gem-w-a4d43db.pth and name it with --gem",
    "ResNet101": "bring torchvision's resnet101-63fe2227.pth (IMAGENET1K_V1) and name it with --resnet101",
    "VGG16": "bring torchvision's vgg16-397923af.pth (IMAGENET1K_V1) and name it with --vgg16",
}
"""Further rows of Table IV by their names in the table, and what the user must bring for them."""

DESCRIBE_BATCH_PICTURES = 8
"""Pictures that are read and described together."""


@dataclass(frozen=True, slots=True)
class EvaluatedEncoders:
    """The filter and, where it has weights, the refinement; their labels for the report.

    `protocol` is that of the refinement and of the `others`, which each rank alone, by their names in the
    table; None: cbvir's own preprocessing.
    """

    filter: Encoder
    refine: Encoder | None
    labels: tuple[str, ...]
    profile: Profile
    runtime: RuntimeOptions
    protocol: ReleasedProtocol | None = None
    others: Mapping[str, Encoder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimedDescriptors:
    """Descriptors of pictures by one network, in order, and the seconds that computing them took."""

    rows: Rows
    spent_s: float

    @property
    def mean_s(self) -> float:
        """Return the mean seconds for one picture."""
        return self.spent_s / max(1, len(self.rows))


@dataclass(frozen=True, slots=True)
class DescribedPictures:
    """Descriptors of the same pictures by the filter, the refinement if there is one, and others by name."""

    filter: TimedDescriptors
    refine: TimedDescriptors | None
    others: Mapping[str, TimedDescriptors] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.filter.rows)


def choose_profile(
    name: str, models: Path | None, filter_file: Path | None, refine_file: Path | None
) -> Profile:
    """Return the weight files to evaluate: those that are named, else those of a profile.

    Raise WeightsMissing and InputError as `cbvir_core.embed.find_profile`.
    """
    if filter_file is None:
        found = find_profile(name, models)
        return Profile(found.name, found.filter, refine_file or found.refine)
    return Profile(filter_file.stem, filter_file, refine_file)


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """How networks are compared: their runtime, the protocol, and files of others by their names in the
    table.

    Without a protocol, `long_side` and `scales` replace those of the weight files where they are not None.
    """

    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    protocol: ReleasedProtocol | None = None
    long_side: int | None = None
    scales: tuple[float, ...] | None = None
    others: Mapping[str, Path] = field(default_factory=dict)

    def preprocess(self, own: Preprocess) -> Preprocess:
        """Return the preprocessing of a network that is given its `own`."""
        chosen = own if self.scales is None else replace(own, scales=self.scales)
        if self.long_side is None:
            return chosen
        return replace(chosen, height=None, width=None, long_side=self.long_side)

    @property
    def label(self) -> str:
        """A line for the conditions."""
        if self.protocol is not None:
            return f"SOLAR and compared networks as SOLAR's authors released it: {self.protocol}"
        side = "as in the weight files" if self.long_side is None else f"long side {self.long_side} px"
        scales = "" if self.scales is None else f", scales {', '.join(f'{one:.3g}' for one in self.scales)}"
        return f"SOLAR and compared networks: {side}{scales}, scaled to it, mean of the scales' rows"


def open_encoders(
    profile: Profile, runtime: RuntimeOptions | NetworkChoice = RuntimeOptions()
) -> EvaluatedEncoders:
    """Load the networks of a profile, and the others that are chosen.

    Raise WeightsMissing, WeightsDamaged, WeightsMismatch or ConfigError.
    """
    choice = runtime if isinstance(runtime, NetworkChoice) else NetworkChoice(runtime)
    files = [path for path in (profile.filter, profile.refine) if path is not None]
    labels = [f"{path.name}: {read_header(path).label}" for path in files]
    return EvaluatedEncoders(
        NetworkEncoder(profile.filter, "filter", choice.runtime),
        _refining(profile.refine, choice) if profile.refine else None,
        (*labels, *(f"{name}: {path.name}" for name, path in choice.others.items()), choice.label),
        profile,
        choice.runtime,
        choice.protocol,
        {name: open_network(path, choice) for name, path in choice.others.items()},
    )


def open_network(path: Path, choice: NetworkChoice = NetworkChoice()) -> Encoder:
    """Load a network of a weight file in cbvir's format, or of a published checkpoint.

    A checkpoint is converted into a temporary file first.  Raise what `open_encoders` and `read_checkpoint`
    raise.
    """
    with _own_format(path) as file:
        return _refining(file, choice)


def _refining(file: Path, choice: NetworkChoice) -> Encoder:
    header = read_header(file)
    if choice.protocol is not None:
        return ProtocolEncoder(file, role_of(header), choice.protocol, choice.runtime)
    changed = choice.preprocess(header.preprocess)
    own = None if changed == header.preprocess else changed
    return NetworkEncoder(file, role_of(header), choice.runtime, preprocess=own)


@contextmanager
def _own_format(path: Path) -> Iterator[Path]:
    """Yield the path of a weight file with cbvir's header: the file itself, or one converted from it."""
    try:
        read_header(path)
    except (WeightsDamaged, WeightsMismatch):
        with tempfile.TemporaryDirectory(prefix="cbvir-weights-") as folder:
            yield convert_checkpoint(path, Path(folder) / "network.safetensors")
    else:
        yield path


def describe(
    encoders: EvaluatedEncoders, pictures: Iterable[Image], clock: EvaluationClock = time.perf_counter
) -> DescribedPictures:
    """Describe pictures, a few at a time, without keeping them.

    The time is that of the networks: scaling to their input counts, reading files does not.  The first
    batch runs once before it is timed, because a network prepares itself for a size of input then.
    """
    own = [encoder for encoder in (encoders.filter, encoders.refine) if encoder is not None]
    networks = [*own, *encoders.others.values()]
    parts: list[list[Rows]] = [[np.zeros((0, network.dim), np.float32)] for network in networks]
    spent_s = [0.0 for _ in networks]
    for number, batch in enumerate(_batches(pictures)):
        for at, network in enumerate(networks):
            if number == 0:
                network.encode(batch)
            begun = clock()
            parts[at].append(network.encode(batch))
            spent_s[at] += clock() - begun
    made = [TimedDescriptors(np.concatenate(rows), spent) for rows, spent in zip(parts, spent_s, strict=True)]
    others = dict(zip(encoders.others, made[len(own) :], strict=True))
    return DescribedPictures(made[0], made[1] if len(own) > 1 else None, others)


def _batches(pictures: Iterable[Image]) -> Iterator[list[Image]]:
    waiting = iter(pictures)
    while batch := list(islice(waiting, DESCRIBE_BATCH_PICTURES)):
        yield batch
