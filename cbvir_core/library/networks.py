"""The networks of a profile, each loaded when it is first used."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from cbvir_core.embed import Encoder, NetworkEncoder, RuntimeOptions
from cbvir_core.errors import CbvirError, WeightsMismatch
from cbvir_core.search import FILTER_SCALE, REFINE_SCALE, ScoreScale
from cbvir_core.store import Generation
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Profile, WeightsInfo, fingerprint, list_profiles, read_header

MIN_SOLAR_THREADS = min(4, len(os.sched_getaffinity(0)))
"""Threads of SOLAR's network at least: it takes nearly all of a query's time, and somebody waits for that.
The filter keeps to the number that was set: it also serves the ingest, where one thread is steadier."""

NETWORK_LOADING_REASON = (
    "its network is still being loaded; the first time it is made for this machine, which may take a minute"
)


class LazyEncoder:
    """An `Encoder` whose network is loaded by its first use, once, however many threads use it.

    Its fingerprint is read from the weight file at the start.  Raises WeightsMissing, WeightsDamaged,
    WeightsMismatch; the last also where the file has become another one by the time it is loaded.
    """

    def __init__(self, weights: Path, load: Callable[[], Encoder]) -> None:
        self.fingerprint = fingerprint(weights)
        self._weights, self._load = weights, load
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._failure: CbvirError | None = None

    @property
    def waiting(self) -> bool:
        """Whether the network is still to be loaded: neither has it been, nor has that failed."""
        return self._encoder is None and self._failure is None

    @property
    def delay(self) -> str | None:
        """Why `encode` would not begin at once, in words; None where it would."""
        if self._encoder is not None:
            return None
        return str(self._failure) if self._failure else NETWORK_LOADING_REASON

    @property
    def dim(self) -> int:
        """Width of a row."""
        return self.load().dim

    def encode(self, images: Sequence[Image]) -> Rows:
        """Return one unit row per picture, in order."""
        return self.load().encode(images)

    def load(self) -> Encoder:
        """Return the network; load it where that has not been done."""
        with self._lock:
            if self._encoder is None:
                try:
                    self._encoder = self._load_checked()
                except CbvirError as error:
                    self._failure = error
                    raise
            return self._encoder

    def _load_checked(self) -> Encoder:
        encoder = self._load()
        if encoder.fingerprint != self.fingerprint:
            raise WeightsMismatch("has become another file since the start; start anew", path=self._weights)
        return encoder


class Networks:
    """The networks of a profile, the filter and perhaps SOLAR, with the score scales of their cosines."""

    def __init__(self, profile: Profile, runtime: RuntimeOptions) -> None:
        self.profile = profile
        self.filter = LazyEncoder(profile.filter, partial(NetworkEncoder, profile.filter, "filter", runtime))
        self.filter_scale = ScoreScale.of(read_header(profile.filter).details, FILTER_SCALE)
        self.refine: LazyEncoder | None = None
        self.refine_scale = REFINE_SCALE
        if profile.refine is not None:
            solar_runtime = replace(runtime, threads=max(runtime.threads, MIN_SOLAR_THREADS))
            self.refine = LazyEncoder(
                profile.refine, partial(NetworkEncoder, profile.refine, "refine", solar_runtime)
            )
            self.refine_scale = ScoreScale.of(read_header(profile.refine).details, REFINE_SCALE)

    def load(self) -> None:
        """Load both networks.  Raises what the filter's raises; without SOLAR's the filter answers alone."""
        self.filter.load()
        if self.refine is not None:
            with suppress(CbvirError):
                self.refine.load()

    @property
    def fingerprints(self) -> tuple[str, str | None]:
        """The fingerprints of the filter's and of SOLAR's weights, which make a generation."""
        return self.filter.fingerprint, self.refine.fingerprint if self.refine else None


def find_networks(generation: Generation, models_dir: Path, runtime: RuntimeOptions) -> Networks | None:
    """Return networks with the weights that made a generation; None where the filter's are gone.

    Where only SOLAR's are gone, the networks are the filter alone.
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
    """Return the fingerprints of all good weight files.  Raises ModelError where one changes meanwhile."""
    return {fingerprint(file.path) for _, file in _good_files(models_dir)}


def _good_files(models_dir: Path) -> Iterator[tuple[str, WeightsInfo]]:
    """Yield the weight files that can be used, each with the name of its profile."""
    for profile in list_profiles(models_dir):
        yield from ((profile.name, file) for file in profile.files if file.problem is None)
