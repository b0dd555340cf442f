"""Processes as they are where the extra ``torch`` is not installed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HIDE = 'import sys\nsys.modules["torch"] = sys.modules["torchvision"] = None  # as if they were not there\n'


@contextmanager
def hidden_torch() -> Iterator[Path]:
    """A folder for ``PYTHONPATH``: a process that has it there finds neither torch nor torchvision."""
    with tempfile.TemporaryDirectory(prefix="cbvir-without-torch-") as folder:
        (Path(folder) / "sitecustomize.py").write_text(_HIDE)
        yield Path(folder)
