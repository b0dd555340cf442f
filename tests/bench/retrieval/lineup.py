"""The systems that the options name."""

from __future__ import annotations

from pathlib import Path

from bench.retrieval.arguments import RetrievalArguments, WeightFile
from bench.retrieval.descriptors import (
    Descriptor,
    HistogramDescriptor,
    NetworkDescriptor,
    PerceptualHash,
    filter_network,
    imported_weights,
    random_weights,
    refine_network,
)
from bench.retrieval.systems import RetrievalSystem
from cbvir_core.search import REFINE_SCALE, ScoreScale
from cbvir_core.weights import find_profile, read_header

IMAGENET_WEIGHTS = Path("weights", "mobilenet_v2_imagenet_dequantised.safetensors")
BUILTIN_FILTER = "builtin filter"


class Lineup:
    """Makes the systems; each weight file is loaded once."""

    def __init__(self, arguments: RetrievalArguments, folder: Path) -> None:
        """Remember the options; weight files that are made go to `folder`."""
        self._arguments, self._folder = arguments, folder
        self._loaded: dict[tuple[str, Path], NetworkDescriptor] = {}

    def systems(self) -> list[RetrievalSystem]:
        """Return the standard systems, then those of weight files, in the order of the tables."""
        return [*self._standard(), *self._files()]

    def _standard(self) -> list[RetrievalSystem]:
        made: list[RetrievalSystem] = []
        for name in self._arguments.descriptors:
            if name == "builtin":
                made += self._builtin()
            else:
                descriptor = self._single(name)
                made.append(RetrievalSystem(descriptor.name, descriptor))
        return made

    def _single(self, name: str) -> Descriptor:
        if name == "hsv":
            return HistogramDescriptor()
        if name == "phash":
            return PerceptualHash()
        if name == "random":
            weights = random_weights(self._folder, self._arguments.seed)
            return self._network("filter", "MobileNetV2, random", weights)
        weights = imported_weights(self._arguments.shared / IMAGENET_WEIGHTS, self._folder)
        return self._network("filter", "MobileNetV2, ImageNet", weights)

    def _builtin(self) -> list[RetrievalSystem]:
        """Return the built-in filter, and the filter with SOLAR where that is built in too."""
        profile = find_profile("builtin", None)
        systems = [self._filter(BUILTIN_FILTER, profile.filter)]
        if profile.refine is not None:
            systems.append(self._refined(systems[0], "builtin SOLAR", profile.refine))
        return systems

    def _files(self) -> list[RetrievalSystem]:
        """Return the systems of the weight files; a refinement uses the last filter before it."""
        made: list[RetrievalSystem] = []
        before: RetrievalSystem | None = None
        for file in self._arguments.files:
            made.append(self._file(file, before))
            if file.role == "filter":
                before = made[-1]
        return made

    def _file(self, file: WeightFile, before: RetrievalSystem | None) -> RetrievalSystem:
        if file.role == "filter":
            return self._filter(file.label, file.path)
        before = before or self._filter(BUILTIN_FILTER, find_profile("builtin", None).filter)
        return self._refined(before, file.label, file.path)

    def _filter(self, name: str, weights: Path) -> RetrievalSystem:
        return RetrievalSystem(name, self._network("filter", name, weights))

    def _refined(self, first: RetrievalSystem, name: str, weights: Path) -> RetrievalSystem:
        scale = ScoreScale.of(read_header(weights).details, REFINE_SCALE)
        return RetrievalSystem(
            f"{first.name} + {name}", first.filter, self._network("refine", name, weights), scale
        )

    def _network(self, role: str, name: str, weights: Path) -> NetworkDescriptor:
        make = filter_network if role == "filter" else refine_network
        if (role, weights) not in self._loaded:
            self._loaded[role, weights] = make(name, weights, self._arguments.threads)
        return self._loaded[role, weights]
