"""Runtimes of networks: OpenVINO on a CPU, torch on CUDA and as the reference.

Where OpenVINO runs the networks, a process never imports torch, unless one is of an architecture without a
graph of its own (`cbvir_core.weights.Architecture`) and is not in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cbvir_core.embed.preprocess import CPU_BATCH_PIXELS, CUDA_BATCH_PIXELS, Batch
from cbvir_core.errors import ConfigError, has_torch, needs_torch
from cbvir_core.types import Rows

if TYPE_CHECKING:
    from cbvir_core.embed.networks import Network, ViewNetwork


class Runner(Protocol):
    """A network that is ready to run.  Any thread may call it, several at once."""

    dim: int
    """Width of a row."""
    pixels: int
    """How many pixels a batch should have."""

    def run(self, batch: Batch) -> Rows:
        """Return unit rows of a batch."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """Where and how networks run.

    `device` is ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; `runtime` is ``auto``, ``openvino`` or
    ``torch``.  `threads` is how many threads one call uses; on a busy machine more than one costs more
    than it gains.  `cache` is a folder for networks that are made and measured; without it every start
    makes them again.
    """

    device: str = "auto"
    runtime: str = "auto"
    threads: int = 1
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.runtime not in ("auto", "openvino", "torch"):
            raise ConfigError(f"unknown runtime {self.runtime!r}; known: auto, openvino, torch")
        if self.device.partition(":")[0] not in ("auto", "cpu", "cuda"):
            raise ConfigError(f"unknown device {self.device!r}; known: auto, cpu, cuda, cuda:N")
        if self.runtime == "openvino" and self.device.startswith("cuda"):
            raise ConfigError('OpenVINO does not run on CUDA; use runtime = "torch"')
        if self.threads < 1:
            raise ConfigError(f"threads must be at least 1, not {self.threads}")


def open_runner(weights: Path, fingerprint: str, options: RuntimeOptions, *, views: bool = False) -> Runner:
    """Return the network of a weight file, ready to run; the cache keeps it under the file's fingerprint.

    With `views` it returns the rows of all views of each picture, N x V x D, instead of N x D.
    Raise WeightsDamaged, WeightsMismatch, WeightsMissing, ConfigError where CUDA is wanted and absent, and
    PackageMissing where torch is wanted and not installed.
    """
    device = _device(options)
    if options.runtime == "torch" or device != "cpu":
        with needs_torch():
            from cbvir_core.embed.networks import ViewNetwork, load_network

        network = ViewNetwork(load_network(weights)) if views else load_network(weights)
        return TorchRunner(network, device, options.threads)
    from cbvir_core.embed.openvino_runtime import OpenVinoRunner

    return OpenVinoRunner(weights, fingerprint, threads=options.threads, cache=options.cache, views=views)


def _device(options: RuntimeOptions) -> str:
    """Return a device that exists.  torch is imported only where the system has an NVIDIA driver."""
    if options.device == "cpu" or options.runtime == "openvino":
        return "cpu"
    if options.device == "auto" and not (Path("/dev/nvidiactl").exists() and has_torch()):
        return "cpu"
    with needs_torch():
        import torch

    if torch.cuda.is_available():
        return "cuda" if options.device == "auto" else options.device
    if options.device == "auto":
        return "cpu"
    raise ConfigError(
        f'device = "{options.device}", but torch finds no CUDA device here; use "auto" or "cpu"'
    )


class TorchRunner:
    """A torch network on a device, in float32.

    On a CPU, `threads` sets torch's own number of threads, for the whole process.
    """

    def __init__(self, network: Network | ViewNetwork, device: str, threads: int = 1) -> None:
        import torch

        self._torch = torch
        self._device = torch.device(device)
        self._network = network.eval().to(self._device)
        if self._device.type == "cpu":
            torch.set_num_threads(threads)
        self.pixels = CPU_BATCH_PIXELS if self._device.type == "cpu" else CUDA_BATCH_PIXELS
        self.dim = self.run(np.zeros((1, 3, 96, 96), np.float32)).shape[-1]

    def run(self, batch: Batch) -> Rows:
        """Return unit rows of a batch."""
        with self._torch.inference_mode():
            rows = self._network(self._torch.from_numpy(batch).to(self._device))
        return np.asarray(rows.cpu().numpy(), np.float32)
