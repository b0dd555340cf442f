"""Networks on a CPU through OpenVINO.

A network runs in bf16 where the processor has it and the descriptors keep their accuracy in it
(`cbvir_core.embed.precision`), else in float32.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import warnings
from contextlib import suppress
from functools import cache as remembered
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cbvir_core.embed.conversions import conversion, drop_conversion, written_whole
from cbvir_core.embed.precision import MIN_BF16_COSINE, MIN_VIEWS_BF16_COSINE, worst_cosine
from cbvir_core.embed.preprocess import CPU_BATCH_PIXELS, Batch
from cbvir_core.embed.torch_work import do_apart, holds_torch
from cbvir_core.errors import needs_torch
from cbvir_core.types import Rows
from cbvir_core.weights import read_header

# OpenVINO reports every import and conversion to its makers over the internet and writes to the home
# folder for it, unless the package that does so cannot be imported.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

from cbvir_core.embed.graph import build_graph  # noqa: E402

# OpenVINO makes its table of number types at its first use, in Python objects, and waits for its own lock
# without releasing the interpreter's.  Two threads whose first inferences meet there stop the process for
# good.  So the table is made here, at import.
openvino.Type.f32.to_dtype()

CONCURRENT_CALLS = 2
"""Calls that do not wait for each other: one of ingest or backfill, and one of a query.  With a single one,
a query would wait for whole batches of the ingest.
"""

NETWORK_FILE = "network.xml"
"""Name of a converted network in its folder."""

_CONVERTING = threading.Lock()
_BF16_COSINE = ["cbvir", "bf16_cosine"]  # where a converted network keeps its worst cosine in bf16


class OpenVinoRunner:
    """A converted network, compiled for this processor.

    `fingerprint` is that of the weights.  The network is kept in `cache` under it with what was measured of
    it, and the next process reads it there.  A cache that cannot be read or written is not used.
    `precision` is ``bf16`` or ``f32``.  With `views` it gives the rows of all views (`ViewNetwork`).
    """

    pixels = CPU_BATCH_PIXELS

    def __init__(
        self,
        weights: Path,
        fingerprint: str,
        *,
        threads: int = 1,
        cache: Path | None = None,
        views: bool = False,
    ) -> None:
        kept = conversion(cache, fingerprint, views=views) if cache else None
        model = _read(kept)
        if model is None:
            model = _keep(_measured(make_network(weights, views=views), weights), kept)
        bound = MIN_VIEWS_BF16_COSINE if views else MIN_BF16_COSINE
        self.precision = _precision(_measured(model, weights), bound)
        self._compiled = compile_network(model, self.precision, threads)
        self._local = threading.local()
        self.dim: int = self._compiled.output(0).partial_shape[-1].get_length()

    def run(self, batch: Batch) -> Rows:
        """Return unit rows of a batch.  Every calling thread has its own inference request."""
        request: Any = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        return infer(request, batch)


def infer(request: Any, batch: Batch) -> Rows:
    """Return unit rows of a batch from one inference request."""
    return np.array(request.infer([batch], share_inputs=True)[0], np.float32)


def _measured(model: Any, weights: Path) -> Any:
    """Return the model with its worst cosine in bf16 noted in it; measure that where the note is missing."""
    if has_bf16() and not model.has_rt_info(_BF16_COSINE):
        exact, rounded = (compile_network(model, kind).create_infer_request() for kind in ("f32", "bf16"))
        cosine = worst_cosine(partial(infer, exact), partial(infer, rounded), read_header(weights).preprocess)
        model.set_rt_info(str(cosine), _BF16_COSINE)
    return model


def _precision(model: Any, bound: float) -> str:
    cosine = float(model.get_rt_info(_BF16_COSINE).astype(str)) if has_bf16() else 0.0
    return "bf16" if cosine >= bound else "f32"


def has_bf16() -> bool:
    """Return whether this processor computes in bf16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@remembered
def _core() -> Any:
    return openvino.Core()


def compile_network(model: Any, precision: str, threads: int = 1) -> Any:
    """Return the model compiled for this processor.

    Pinning is off, because pinned threads of two networks and a decoder would share one core.  A network
    with a thread for every processor takes one call at a time: two at once on two processors were slower
    than one after the other.
    """
    processors = len(os.sched_getaffinity(0))
    streams = CONCURRENT_CALLS if threads < processors else 1
    properties = {
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": min(threads * streams, max(processors, streams)),
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(model, "CPU", properties)


def make_network(weights: Path, *, views: bool = False) -> Any:
    """Return the network of a weight file as an OpenVINO model for any batch size and any picture size.

    Those of the registry that have a graph of their own are built in a fraction of a second; torch converts
    the others, one at a time, in a process of its own (`do_apart`).  Raise PackageMissing where it has none.
    """
    model = build_graph(weights, views=views)
    if model is not None:
        return model
    with _CONVERTING:
        return convert_network(weights, views=views) if holds_torch() else _converted_apart(weights, views)


def _converted_apart(weights: Path, views: bool) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / NETWORK_FILE
        do_apart("convert views" if views else "convert", weights, converted)
        return _core().read_model(converted)


def convert_network(weights: Path, *, views: bool = False) -> Any:
    """Return the network of a weight file by way of torch, of any architecture.  Raise PackageMissing."""
    with needs_torch():
        import torch

        from cbvir_core.embed.networks import ViewNetwork, load_network

    network = ViewNetwork(load_network(weights)).eval() if views else load_network(weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO reads torch by tracing, whose deprecation it must mend
        return openvino.convert_model(
            network, example_input=torch.zeros(1, 3, 128, 96), input=[-1, 3, -1, -1]
        )


def _read(kept: Path | None) -> Any | None:
    """Return a conversion that an earlier process kept, or None."""
    if kept is None:
        return None
    try:
        return _core().read_model(kept / NETWORK_FILE)
    except (RuntimeError, OSError):
        drop_conversion(kept)
        return None


def _keep(model: Any, kept: Path | None) -> Any:
    """Write a conversion and return it as every later process will read it.

    The folder appears complete.  Where another process was first, its conversion stays.  A model that
    cannot be written is returned as it is.
    """
    if kept is None:
        return model
    with suppress(OSError, RuntimeError), written_whole(kept) as folder:
        save_network(model, folder / NETWORK_FILE)
    return _read(kept) or model


def save_network(model: Any, path: Path) -> None:
    """Write a model in full precision, with the file of its numbers beside it."""
    openvino.save_model(model, path, compress_to_fp16=False)
