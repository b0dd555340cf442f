"""The networks of a profile, each loaded when it is first asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from cbvir_core.embed import (
    Encoder,
    MobileNetEncoder,
    Profile,
    RuntimeOptions,
    SolarEncoder,
    WeightsInfo,
    fingerprint,
    list_profiles,
    open_encoder,
    read_header,
)
from cbvir_core.errors import CbvirError, WeightsMismatch
from cbvir_core.search import Calibration
from cbvir_core.search.scores import FILTER_DEFAULT, REFINE_DEFAULT
from cbvir_core.store import Generation
from cbvir_core.types import Image, Rows

SOLAR_THREADS = min(4, len(os.sched_getaffinity(0)))
"""SOLAR's part of a query is nearly all of it, and somebody waits for it; the filter also serves the
ingest, where one thread is steadier."""


LOADING = "its network is still being loaded; the first time it is made for this machine, which takes minutes"


class LazyEncoder:
    """An `Encoder` whose network is loaded by the first use, once, however many threads want it.

    Its fingerprint is read from the weight file at once.  Raises WeightsMissing, WeightsDamaged,
    WeightsMismatch, also where the file has become another one by the time it is loaded.
    """

    def __init__(self, weights: Path, load: Callable[[], Encoder]) -> None:
        self.fingerprint = fingerprint(weights)
        self._weights, self._load = weights, load
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._failure: CbvirError | None = None

    @property
    def waiting(self) -> bool:
        """Whether the network has neither been loaded nor failed to be."""
        return self._encoder is None and self._failure is None

    @property
    def delay(self) -> str | None:
        """Why `encode` would not begin at once, in words; None where it would."""
        if self._encoder is not None:
            return None
        return str(self._failure) if self._failure else LOADING

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
                try:
                    self._encoder = self._loaded()
                except CbvirError as error:
                    self._failure = error
                    raise
            return self._encoder

    def _loaded(self) -> Encoder:
        encoder = self._load()
        if encoder.fingerprint != self.fingerprint:
            raise WeightsMismatch(f"{self._weights} has become another file since the start; start anew")
        return encoder


class Networks:
    """The filter and, where the profile has it, SOLAR; with the scales of their cosines."""

    def __init__(self, profile: Profile, runtime: RuntimeOptions) -> None:
        self.profile = profile
        self.filter = LazyEncoder(
            profile.filter, partial(open_encoder, MobileNetEncoder, profile.filter, runtime)
        )
        self.filter_scale = Calibration.of(read_header(profile.filter).details, FILTER_DEFAULT)
        self.refine: LazyEncoder | None = None
        self.refine_scale = REFINE_DEFAULT
        if profile.refine is not None:
            waited_for = replace(runtime, threads=max(runtime.threads, SOLAR_THREADS))
            self.refine = LazyEncoder(
                profile.refine, partial(open_encoder, SolarEncoder, profile.refine, waited_for)
            )
            self.refine_scale = Calibration.of(read_header(profile.refine).details, REFINE_DEFAULT)

    def load(self) -> None:
        """Loads what is not loaded yet.  Raises what the filter raises; SOLAR can be done without."""
        self.filter.load()
        if self.refine is not None:
            with suppress(CbvirError):
                self.refine.load()

    @property
    def fingerprints(self) -> tuple[str, str | None]:
        """Of the filter's and of SOLAR's weights: what makes a generation."""
        return self.filter.fingerprint, self.refine.fingerprint if self.refine else None


def find_networks(generation: Generation, models_dir: Path, runtime: RuntimeOptions) -> Networks | None:
    """Networks with the weights that made a generation; None where the filter's are gone.

    Where only SOLAR's are gone, the filter answers alone.
    """
    wanted = {"filter": generation.filter, "refine": generation.refine}
    found: dict[str, tuple[str, Path]] = {}
    for name, file in _good_files(models_dir):
        if fingerprint(file.path) == wanted[file.role]:
            found.setdefault(file.role, (name, file.path))
    if "filter" not in found:
        return None
    name, path = found["filter"]
    refine = found["refine"][1] if "refine" in found else None
    return Networks(Profile(name, path, refine), runtime)


def fingerprints_in(models_dir: Path) -> set[str]:
    """Of every weight file of every profile.  Raises ModelError where one changes meanwhile."""
    return {fingerprint(file.path) for _, file in _good_files(models_dir)}


def _good_files(models_dir: Path) -> Iterator[tuple[str, WeightsInfo]]:
    """The files that can be used, with the names of their profiles."""
    for profile in list_profiles(models_dir):
        yield from ((profile.name, file) for file in profile.files if file.problem is None)
