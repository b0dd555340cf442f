"""A small store for tests of search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.store import Generation, Store
from cbvir_core.types import Keyframe, VideoId
from support.candidates import SHADES, shade, video_info


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def generation(store: Store, tmp_path: Path) -> Generation:
    """Two videos of twelve scenes each; scene n of both has the grey level 20 n."""
    made = store.generation("filter", "brightness")
    store.set_answering(made)
    for name in ("aa", "bb"):
        (tmp_path / f"{name}.mp4").touch()
        store.begin(video_info(name, tmp_path / f"{name}.mp4"))
        scenes = [Keyframe(n + 0.5, n, n + 1.0, shade(20 * n)) for n in range(SHADES)]
        store.append(VideoId(name), scenes, made, np.eye(SHADES, dtype=np.float32))
        store.finish(VideoId(name), damaged=0, duration_s=None)
    return made
