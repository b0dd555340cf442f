"""Descriptors: unit rows of pictures, whose inner product is their similarity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cbvir_core.embed import Encoder, NetworkEncoder, RuntimeOptions, import_files
from cbvir_core.embed.mobilenet import MOBILENET_ARCHITECTURE, MobileNetDescriptor
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.keyframes.histogram import block_histogram, shrink
from cbvir_core.types import Image, Rows
from cbvir_core.weights import Preprocess, WeightsHeader, find_profile, write_weights


class Descriptor(Protocol):
    """A way of describing pictures."""

    @property
    def name(self) -> str:
        """The name in the tables."""

    def describe(self, images: Sequence[Image]) -> Rows:
        """Return one unit row for each picture, in order."""


class HistogramDescriptor:
    """Nine blocks of HSV histograms, as the keyframe extractor counts them, compared by cosine."""

    name = "HSV histogram"

    def describe(self, images: Sequence[Image]) -> Rows:
        """Return one unit row for each picture, in order."""
        bins = KeyframeOptions().bins
        rows = np.stack([block_histogram(shrink(image), bins) for image in images])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class PerceptualHash:
    """pHash of 256 bits: signs of the 16 x 16 lowest frequencies of the grey picture at 64 x 64.

    Bits are written as plus and minus 1/16, so that the inner product is ``1 - 2 * hamming / 256``.
    """

    name = "pHash, 256 bits"

    def describe(self, images: Sequence[Image]) -> Rows:
        """Return one unit row for each picture, in order."""
        return np.stack([self._row(image) for image in images])

    def _row(self, image: Image) -> Rows:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
        low = cv2.dct(small)[:16, :16].ravel()
        return np.where(low > np.median(low), 1 / 16, -1 / 16).astype(np.float32)


class NetworkDescriptor:
    """The descriptors of a weight file, computed as cbvir does."""

    def __init__(self, name: str, encoder: Encoder) -> None:
        self.name = name
        self.encoder = encoder

    def describe(self, images: Sequence[Image]) -> Rows:
        """Return one unit row for each picture, in order."""
        return self.encoder.encode(images)


def filter_network(name: str, weights: Path, threads: int) -> NetworkDescriptor:
    """Return the filter of a weight file.  Raises what `NetworkEncoder` raises."""
    return NetworkDescriptor(name, NetworkEncoder(weights, "filter", RuntimeOptions(threads=threads)))


def refine_network(name: str, weights: Path, threads: int) -> NetworkDescriptor:
    """Return the refinement of a weight file.  Raises what `NetworkEncoder` raises."""
    return NetworkDescriptor(name, NetworkEncoder(weights, "refine", RuntimeOptions(threads=threads)))


def random_weights(folder: Path, seed: int) -> Path:
    """Write a MobileNetV2 as torchvision initialises it, 224 x 224, average pooling.

    The statistics of its batch norms are computed on clouds of noise.  With the initial statistics the
    signal dies away in fifty layers, and all pictures have the same descriptor to seven digits.
    """
    path = folder / "random.safetensors"
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = MobileNetDescriptor().train()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # the plain average
        network(_clouds(32))
    header = WeightsHeader(MOBILENET_ARCHITECTURE, "random weights", Preprocess(224, 224))
    write_weights(path, network.state_dict(), header)
    return path


def _clouds(count: int) -> Tensor:
    """Return noise with the falling spectrum of photographs, normalised: `count` x 3 x 224 x 224."""
    sides = (7, 14, 28, 56, 112, 224)
    octaves = (
        functional.interpolate(torch.randn(count, 3, side, side), 224, mode="bilinear") for side in sides
    )
    return sum((octave / 2**number for number, octave in enumerate(octaves)), torch.zeros(1))


def imported_weights(file: Path, folder: Path) -> Path:
    """Import a state dict of torchvision as a user would: 224 x 224, average pooling."""
    import_files("yardstick", [file], folder)
    return find_profile("yardstick", folder).filter
