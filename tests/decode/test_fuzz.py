"""Whatever happens to a file, there are frames or one of the documented errors, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import container_complete, read_frames
from cbvir_core.errors import DamagedVideo, NotAVideo


def outcome(path: Path) -> str:
    try:
        container_complete(path)
        with read_frames(path, max_side=32) as reader:
            times = [frame.time for frame in reader]
    except (DamagedVideo, NotAVideo) as error:
        return type(error).__name__
    assert times == sorted(set(times))
    return "frames"


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi", "film.ts", "film.mpg", "film.flv"])
def test_cut_anywhere(make_film: Callable[..., Path], tmp_path: Path, name: str) -> None:
    codec = {"mpg": "mpeg2video", "flv": "flv"}.get(name[-3:], "libx264")
    data = make_film(name=name, codec=codec).read_bytes()
    part = tmp_path / f"part{name[-4:]}"
    seen: Counter[str] = Counter()
    for share in np.linspace(0.001, 0.999, 25):
        part.write_bytes(data[: max(1, int(len(data) * share))])
        seen[outcome(part)] += 1
    assert seen["frames"] <= 1 if name == "film.mp4" else seen["frames"] > 10


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi", "film.ts"])
def test_bytes_changed_anywhere(make_film: Callable[..., Path], tmp_path: Path, name: str) -> None:
    data = make_film(name=name, options={"g": "12"}).read_bytes()
    broken = tmp_path / f"broken{name[-4:]}"
    rng = np.random.default_rng(7)
    seen: Counter[str] = Counter()
    for _ in range(25):
        bytes_ = bytearray(data)
        for place in rng.integers(0, len(data), 40):
            bytes_[place] = rng.integers(256)
        broken.write_bytes(bytes(bytes_))
        seen[outcome(broken)] += 1
    assert seen["frames"] > 0
