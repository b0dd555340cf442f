"""The made libraries of the benchmark of starts: complete, as if maintenance had done all of its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import made_library
from bench.__main__ import main
from cbvir_core import Library
from support.libraries import active_generation, store_of

KEYFRAMES = 600


def test_a_made_library_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_library, "_load_networks", lambda _library: None)  # seconds, for the start alone
    data = made_library.made_library(tmp_path, KEYFRAMES)
    with Library.open(data, profile="builtin") as library:
        store, generation = store_of(library), active_generation(library).generation
        counts = store.counts()
        assert (counts.keyframes, counts.filtered, counts.refined) == (KEYFRAMES,) * 3
        assert store.frame_counts().waiting == 0
        assert store.rows_without_features(1) == []
        assert store.rows_without_refine(generation, 1) == store.rows_without_filter(generation, 1) == []
        frames = library.frame_index_status()
        assert frames is not None
        assert library.index_status().rows == frames.rows == KEYFRAMES
        video = library.find(str(made_library.made_path(2)))
        assert library.keyframes(video.video_id)[1].scene_start_s > 0
    made = (data / "complete").stat().st_mtime_ns
    assert made_library.made_library(tmp_path, KEYFRAMES) == data
    assert (data / "complete").stat().st_mtime_ns == made


def test_options_are_refused_of_benchmarks_that_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "memory", "--keyframes", "10"])
    with pytest.raises(SystemExit):
        main()
