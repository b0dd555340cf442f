"""Work that needs PyTorch, done in a short-lived process, so that its caller never holds PyTorch in memory.

PyTorch takes hundreds of megabytes, and a process that has imported it never gives them back.  A process that
holds it already gains nothing by another one, and does the work itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from cbvir_core.errors import ERROR_OF_CODE, ModelError
from cbvir_core.weights import ARCHITECTURES

TorchWork = Literal["prove", "convert", "convert views"]
"""What the process can do: see `cbvir_core.embed.torch_process`."""

_PROGRAM = "from cbvir_core.embed.torch_process import main; main()"


def holds_torch() -> bool:
    """Return whether this process has imported PyTorch."""
    return sys.modules.get("torch") is not None


def do_apart(work: TorchWork, source: Path, target: Path) -> None:
    """Do a work on the weight file `source` in a process of its own, which writes `target`.

    Raise the error that it met there, PackageMissing where PyTorch is not installed, and ModelError where the
    process dies.
    """
    request = {
        "work": work,
        "source": str(source),
        "target": str(target),
        "architectures": [asdict(known) for known in ARCHITECTURES],
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps(request).encode(),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        what = f"is not read: the process that reads it with PyTorch ended with {done.returncode}"
        raise ModelError(f"{what} ({last or 'it said nothing'})", path=source)
    error = json.loads(done.stdout.splitlines()[-1])
    if error is not None:
        raise ERROR_OF_CODE[error["code"]](error["message"], path=error["path"])
