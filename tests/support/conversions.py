"""Networks that OpenVINO has converted once for all tests of a run.

It takes half a minute for the built-in ones, and every library looks at frames with the built-in filter, also
one whose profile has other weights.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, ViewEncoder
from cbvir_core.weights import find_profile


def converted_for_this_run(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of them, which the processes of ``pytest -n`` share; the first of them fills it."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    kept, unfinished = folder / "networks", folder / "networks.unfinished"
    with (folder / "networks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            convert_networks(unfinished)
            unfinished.rename(kept)
    return kept


def copy_into(cache: Path, networks: Path) -> Path:
    """Bring a copy of them into the cache of a library, which deletes there what it does not use."""
    shutil.copytree(networks, cache, dirs_exist_ok=True)
    return cache


def convert_networks(cache: Path) -> None:
    """Convert the built-in networks, and the seeded filter that most tests use."""
    from support.networks import seeded_filter  # imports torch

    profile, options = find_profile("builtin", None), RuntimeOptions(cache=cache)
    assert profile.refine is not None
    NetworkEncoder(profile.filter, "filter", options)
    NetworkEncoder(profile.refine, "refine", options)
    ViewEncoder(profile.filter, options).load()
    seeded = seeded_filter(cache.with_name("seeded.safetensors"))
    NetworkEncoder(seeded, "filter", options)
