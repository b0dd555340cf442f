"""The networks of a profile, each loaded when it is first asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cbvir_core.embed import (
    Encoder,
    MobileNetEncoder,
    Profile,
    RuntimeOptions,
    SolarEncoder,
    fingerprint,
    list_profiles,
    read_header,
)
from cbvir_core.search import Calibration
from cbvir_core.search.scores import FILTER_DEFAULT, REFINE_DEFAULT
from cbvir_core.store import Generation
from cbvir_core.types import Image, Rows

SOLAR_THREADS = min(4, len(os.sched_getaffinity(0)))
"""SOLAR's part of a query is nearly all of it, and somebody waits for it; the filter also serves the
ingest, where one thread is steadier."""


class LazyEncoder:
    """An `Encoder` whose network is loaded by the first use, once, however many threads want it.

    Its fingerprint is read from the weight file at once.  Raises WeightsMissing, WeightsDamaged,
    WeightsMismatch.
    """

    def __init__(self, weights: Path, load: Callable[[], Encoder]) -> None:
        self.fingerprint = fingerprint(weights)
        self._load = load
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None

    @property
    def dim(self) -> int:
        """Width of a row."""
        return self.load().dim

    def encode(self, images: Sequence[Image]) -> Rows:
        """One unit row per picture, in order."""
        return self.load().encode(images)

    def load(self) -> Encoder:
        """The network, loaded now if it was not before."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self._load()
            return self._encoder


class Networks:
    """The filter and, where the profile has it, SOLAR; with the scales of their cosines."""

    def __init__(self, profile: Profile, runtime: RuntimeOptions) -> None:
        self.profile = profile
        self.filter = LazyEncoder(profile.filter, partial(_load, MobileNetEncoder, profile.filter, runtime))
        self.filter_scale = Calibration.of(read_header(profile.filter).details, FILTER_DEFAULT)
        self.refine: LazyEncoder | None = None
        self.refine_scale = REFINE_DEFAULT
        if profile.refine is not None:
            waited_for = replace(runtime, threads=max(runtime.threads, SOLAR_THREADS))
            self.refine = LazyEncoder(
                profile.refine, partial(_load, SolarEncoder, profile.refine, waited_for)
            )
            self.refine_scale = Calibration.of(read_header(profile.refine).details, REFINE_DEFAULT)

    @property
    def fingerprints(self) -> tuple[str, str | None]:
        """Of the filter's and of SOLAR's weights: what makes a generation."""
        return self.filter.fingerprint, self.refine.fingerprint if self.refine else None


def _load(
    kind: type[MobileNetEncoder] | type[SolarEncoder], weights: Path, runtime: RuntimeOptions
) -> Encoder:
    return kind(
        weights,
        device=runtime.device,
        runtime=runtime.runtime,
        threads=runtime.threads,
        cache=runtime.cache,
    )


def find_networks(generation: Generation, models_dir: Path, runtime: RuntimeOptions) -> Networks | None:
    """Networks with the weights that made a generation; None where the filter's are gone.

    Where only SOLAR's are gone, the filter answers alone.
    """
    wanted = {"filter": generation.filter, "refine": generation.refine}
    found: dict[str, tuple[str, Path]] = {}
    for profile in list_profiles(models_dir):
        for file in profile.files:
            if file.problem is None and fingerprint(file.path) == wanted[file.role]:
                found.setdefault(file.role, (profile.name, file.path))
    if "filter" not in found:
        return None
    name, path = found["filter"]
    refine = found["refine"][1] if "refine" in found else None
    return Networks(Profile(name, path, refine), runtime)
