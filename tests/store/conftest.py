"""Small videos and descriptors for a store."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.store import Generation, Store
from cbvir_core.types import Keyframe, Rows, VideoId, VideoInfo
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

DIM = 12


@pytest.fixture
def info() -> MakeInfo:
    def make(name: str, path: str = "") -> VideoInfo:
        return VideoInfo(
            path=Path(path or f"/media/{name}.mp4"),
            video_id=VideoId(name),
            size_bytes=1000,
            container="mp4",
            codec="h264",
            width=640,
            height=360,
            rotation=0,
            sample_aspect=Fraction(1),
            time_base=Fraction(1, 1000),
            start=Fraction(0),
            duration_s=9.5,
            frames_per_s=25.0,
        )

    return make


@pytest.fixture
def keyframes() -> MakeKeyframes:
    def make(count: int, first: int = 0, side: int = 8) -> list[Keyframe]:
        return [
            Keyframe(n + 0.5, float(n), n + 1.0, np.full((side, side, 3), n % 256, dtype=np.uint8), 0.25)
            for n in range(first, first + count)
        ]

    return make


@pytest.fixture
def unit_rows() -> MakeRows:
    def make(count: int, seed: int = 0, dim: int = DIM) -> Rows:
        rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
        unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", clock=lambda: 1000.0, first_map_bytes=1 << 20) as opened:
        yield opened


@pytest.fixture
def generation(store: Store) -> Generation:
    made = store.generation("filter-a", "refine-a")
    store.set_answering(made)
    return made
