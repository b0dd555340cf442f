"""The networks that are evaluated, and descriptors with the time that computing them took."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from cbvir_core.embed import Encoder, NetworkEncoder, RuntimeOptions, convert_checkpoint
from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Profile, find_profile, read_header, role_of

LoadEncoders = Callable[[], "EvaluatedEncoders"]
"""Load and return the networks that are evaluated."""

DESCRIBE_BATCH_PICTURES = 8
"""Pictures that are read and described together."""


@dataclass(frozen=True, slots=True)
class EvaluatedEncoders:
    """The filter and, where it has weights, the refinement; their labels for the report."""

    filter: Encoder
    refine: Encoder | None
    labels: tuple[str, ...]
    profile: Profile
    runtime: RuntimeOptions


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
    """Descriptors of the same pictures by the filter and, where there is one, by the refinement."""

    filter: TimedDescriptors
    refine: TimedDescriptors | None

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


def open_encoders(profile: Profile, runtime: RuntimeOptions = RuntimeOptions()) -> EvaluatedEncoders:
    """Load the networks of a profile.

    Raise WeightsMissing, WeightsDamaged, WeightsMismatch or ConfigError.
    """
    files = [path for path in (profile.filter, profile.refine) if path is not None]
    return EvaluatedEncoders(
        NetworkEncoder(profile.filter, "filter", runtime),
        NetworkEncoder(profile.refine, "refine", runtime) if profile.refine else None,
        tuple(f"{path.name}: {read_header(path).label}" for path in files),
        profile,
        runtime,
    )


def open_network(path: Path, runtime: RuntimeOptions = RuntimeOptions()) -> Encoder:
    """Load a network of a weight file in cbvir's format, or of a published checkpoint.

    A checkpoint is converted into a temporary file first.  Raise what `open_encoders` and `read_checkpoint`
    raise.
    """
    with _own_format(path) as file:
        return NetworkEncoder(file, role_of(read_header(file)), runtime)


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
    networks = [encoder for encoder in (encoders.filter, encoders.refine) if encoder is not None]
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
    return DescribedPictures(made[0], made[1] if len(made) > 1 else None)


def _batches(pictures: Iterable[Image]) -> Iterator[list[Image]]:
    waiting = iter(pictures)
    while batch := list(islice(waiting, DESCRIBE_BATCH_PICTURES)):
        yield batch
