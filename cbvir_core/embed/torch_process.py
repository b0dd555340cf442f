"""The process that proves and converts weights with PyTorch (`cbvir_core.embed.torch_work` starts it).

What it answers is data and never code, for it reads weight files of strangers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cbvir_core.embed.torch_work import TorchWork
from cbvir_core.errors import CbvirError, needs_torch
from cbvir_core.weights import ARCHITECTURES, Architecture, write_weights

NICENESS = 10
"""Of the process: queries go before it."""


def main() -> None:
    """Read the request from standard input, do it, and write the error that it met, or null."""
    os.nice(NICENESS)
    request = json.load(sys.stdin)
    ARCHITECTURES[:] = [Architecture(**known) for known in request["architectures"]]
    print(f"\n{json.dumps(_outcome(request))}")


def _outcome(request: Mapping[str, Any]) -> dict[str, str | None] | None:
    try:
        _WORK[request["work"]](Path(request["source"]), Path(request["target"]))
    except CbvirError as error:
        path = None if error.path is None else str(error.path)
        return {"code": error.code, "message": str(error.args[0]), "path": path}
    return None


def prove_weights(source: Path, target: Path) -> None:
    """Prove that a network loads a weight file of any known form, and write it as `target` in cbvir's own.

    Raise as `cbvir_core.embed.checkpoints.read_checkpoint` does, DiskFull, and PackageMissing.
    """
    with needs_torch():
        from cbvir_core.embed.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(source)
    write_weights(target, checkpoint.state, checkpoint.header)


def _convert(weights: Path, target: Path, *, views: bool = False) -> None:
    from cbvir_core.embed.openvino_runtime import convert_network, save_network  # the proof does without

    save_network(convert_network(weights, views=views), target)


def _convert_views(weights: Path, target: Path) -> None:
    _convert(weights, target, views=True)


_WORK: dict[TorchWork, Callable[[Path, Path], None]] = {
    "prove": prove_weights,
    "convert": _convert,
    "convert views": _convert_views,
}
